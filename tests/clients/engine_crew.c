// SPDX-License-Identifier: MIT
/*
 * engine_crew.c - 16 workers on two CPUs read large objects, and evict pages meanwhile
 *
 * There are too few frames for what the workers have at one time, so that they send ALLOCs until other
 * workers have freed pages. Objects are latched by their first page.
 */
#include "engine.h"

#include <pthread.h>

#define WORKERS 16
#define OBJECTS 64
#define EXTENTS 5
#define PAGES_OF_OBJECT 31
#define ROUNDS 80

static struct engine e;
static pthread_mutex_t latch[OBJECTS];

static void object(int i, struct engine_extent *extent)
{
	for (int n = 0; n < EXTENTS; n++) {
		extent[n].page = (uint64_t)n * OBJECTS * 16 + (uint64_t)i * (1 << n);
		extent[n].len = 1UL << n;
	}
}

static void fill(const struct engine_extent *extent)
{
	for (uint64_t page = extent->page; page < extent->page + extent->len; page++) {
		for (size_t i = 0; i < PAGE / 8; i++)
			((uint64_t *)engine_at(&e, page))[i] = engine_word(page);
	}
}

static void *worker(void *arg)
{
	int id = (int)(intptr_t)arg;
	struct engine_extent extent[EXTENTS];
	unsigned int random = id + 1;

	for (int round = 0; round < check_rounds(ROUNDS); round++) {
		int i = rand_r(&random) % OBJECTS;
		/* All workers have a part of the common area, too. */
		uint64_t area = round % 4 ? engine_area(&e, id) :
					    engine_area(&e, WORKERS) + id * PAGES_OF_OBJECT;

		object(i, extent);
		pthread_mutex_lock(&latch[i]);
		engine_alloc(&e, id, extent, EXTENTS);
		for (int n = 0; n < EXTENTS; n++)
			fill(&extent[n]);
		/* Some pages come from the database once more. */
		CHECK(engine_read(&e, id, extent[3].page + 2));
		CHECK(engine_shadow(&e, id, extent, EXTENTS, area) == 0);
		CHECK(engine_shows(&e, area, extent, EXTENTS));
		CHECK(engine_rm_shadow(&e, id) == 0);
		CHECK(engine_free(&e, id, extent, EXTENTS) == 0);
		pthread_mutex_unlock(&latch[i]);
	}
	return NULL;
}

static long mapped(void)
{
	struct exmap_ioctl_stats stats;

	return ioctl(e.fd, EXMAP_IOCTL_STATS, &stats) ? -1 : (long)stats.alloc_count;
}

int main(void)
{
	struct engine_extent all = { 0, 4000 };
	pthread_t threads[WORKERS];
	cpu_set_t two;
	int found = 0;

	/* Two of those that it may run on. */
	sched_getaffinity(0, sizeof(two), &two);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &two) && ++found > 2)
			CPU_CLR(cpu, &two);
	}
	sched_setaffinity(0, sizeof(two), &two);
	/*
	 * Each worker can hold all but one page of an object and wait for that one: with as many frames as
	 * this, the last free one is somebody's.
	 */
	engine_open(&e, WORKERS, 8192, 64, WORKERS * (PAGES_OF_OBJECT - 1) + 1, ~0UL);
	for (int i = 0; i < OBJECTS; i++)
		pthread_mutex_init(&latch[i], NULL);
	for (intptr_t i = 0; i < WORKERS; i++)
		check_need(!pthread_create(&threads[i], NULL, worker, (void *)i), "thread");
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	CHECK(mapped() == 0);
	engine_alloc(&e, 0, &(struct engine_extent){ 0, WORKERS * (PAGES_OF_OBJECT - 1) + 1 }, 1);
	CHECK(mapped() == WORKERS * (PAGES_OF_OBJECT - 1) + 1);
	CHECK(engine_free(&e, 3, &all, 1) == 0);
	CHECK(mapped() == 0);
	return check_done();
}
