// SPDX-License-Identifier: MIT
/* test_pool_threads.c - the pool with many threads: no frame is lost, given twice, or refused */

#include "unit.h"

#include <stdlib.h>

#include "core/pool.h"

#define THREADS 8

/**
 * struct torture - one run
 * @share:   frames that a thread holds at most; the pool has THREADS * share frames
 * @step:    frames of one call at most
 * @rounds:  number of calls of each thread
 * @lists:   number of lists of the pool
 * @roam:    a thread uses any list; else always its own
 * @shorts:  gets that failed although enough frames were free; atomic
 * @doubles: frames that were given to two threads; atomic
 * @owner:   for each frame: number + 1 of the thread that holds it, or 0; atomic
 */
struct torture {
	struct exmap_pool pool;
	u32 share;
	u32 step;
	u32 rounds;
	u32 lists;
	bool roam;
	u32 shorts;
	u32 doubles;
	u8 *owner;
};

static void own(struct torture *t, const u32 *frames, u32 n, u8 from, u8 to)
{
	for (u32 i = 0; i < n; i++) {
		u8 old = from;

		if (!exmap_try_cmpxchg(&t->owner[frames[i]], &old, to))
			__atomic_add_fetch(&t->doubles, 1, __ATOMIC_RELAXED);
	}
}

/*
 * No thread holds more than its share. So for a get within the share there are always enough
 * frames in the lists and the depot, and it must not fail [4.7].
 */
static void worker(void *ctx, unsigned int index)
{
	struct torture *t = ctx;
	u32 *held = unit_alloc(t->share * sizeof(*held));
	u32 random = index + 1;
	u32 list = index % t->lists;
	u32 n = 0;

	for (u32 round = 0; round < t->rounds; round++) {
		u32 want = 1 + unit_random(&random, t->step);

		if (t->roam)
			list = unit_random(&random, t->lists);
		if (unit_random(&random, 2) && n + want <= t->share) {
			u32 got = exmap_pool_get(&t->pool, list, held + n, want);

			if (got < want)
				__atomic_add_fetch(&t->shorts, 1, __ATOMIC_RELAXED);
			own(t, held + n, got, 0, index + 1);
			n += got;
		} else {
			want = EXMAP_MIN(want, n);
			n -= want;
			own(t, held + n, want, index + 1, 0);
			exmap_pool_put(&t->pool, list, held + n, want);
		}
	}
	own(t, held, n, index + 1, 0);
	exmap_pool_put(&t->pool, list, held, n);
	free(held);
}

static void run(u32 share, u32 step, u32 lists, bool roam, u32 rounds)
{
	struct torture *t = unit_alloc(sizeof(*t));
	u32 total = THREADS * share;
	void *memory = unit_alloc(exmap_pool_size(total, lists));
	u32 *frames = unit_alloc(total * sizeof(*frames));
	u8 *seen = unit_alloc(total);

	t->share = share;
	t->step = step;
	t->lists = lists;
	t->roam = roam;
	t->rounds = UNIT_ROUNDS(rounds);
	t->owner = unit_alloc(total);
	exmap_pool_init(&t->pool, memory, total, lists);
	unit_run_threads(THREADS, worker, t);
	assert_int_equal(t->shorts, 0);
	assert_int_equal(t->doubles, 0);
	assert_int_equal(exmap_pool_count(&t->pool), total);
	assert_int_equal(exmap_pool_get(&t->pool, lists - 1, frames, total), total);
	for (u32 i = 0; i < total; i++) {
		assert_true(frames[i] < total);
		assert_int_equal(seen[frames[i]]++, 0);
	}
	exmap_pool_destroy(&t->pool);
	free(t->owner);
	free(t);
	free(memory);
	free(frames);
	free(seen);
}

/* With one frame for each thread, each get steals, mostly in the last sweep. */
static void one_frame_a_thread_4_7(void **state)
{
	(void)state;
	run(1, 1, THREADS, false, 20000);
	run(1, 1, 3, true, 20000);
	run(1, 1, 64, true, 4000);
}

static void small_shares_are_never_refused_4_7(void **state)
{
	(void)state;
	run(7, 5, THREADS, false, 30000);
	run(20, 20, THREADS, true, 30000);
	run(100, 64, 2, true, 20000);
}

/* With thousands of frames, bundles pass through the depot all the time. */
static void big_shares_are_never_refused_4_7(void **state)
{
	(void)state;
	run(1536, 1024, THREADS, false, 4000);
	run(1536, 1536, THREADS, true, 4000);
	run(700, 600, 1, false, 4000);
}

static void one_list_for_all_threads(void **state)
{
	(void)state;
	run(50, 50, 1, false, 20000);
}

struct counting {
	struct torture *t;
	u32 stop;
	u32 wrong;
};

static void count_or_work(void *ctx, unsigned int index)
{
	struct counting *c = ctx;
	u32 total = c->t->pool.nr_frames;

	if (index == THREADS) {
		while (!exmap_load(&c->stop)) {
			if (exmap_pool_count(&c->t->pool) > total)
				__atomic_add_fetch(&c->wrong, 1, __ATOMIC_RELAXED);
			sched_yield();
		}
		return;
	}
	worker(c->t, index);
	if (index == 0)
		exmap_store(&c->stop, 1);
}

static void count_while_others_work(void **state)
{
	struct torture *t = unit_alloc(sizeof(*t));
	struct counting c = { .t = t };
	void *memory = unit_alloc(exmap_pool_size(THREADS * 1200, 4));

	(void)state;
	t->share = 1200;
	t->step = 1100;
	t->lists = 4;
	t->roam = true;
	t->rounds = UNIT_ROUNDS(3000);
	t->owner = unit_alloc(THREADS * 1200);
	exmap_pool_init(&t->pool, memory, THREADS * 1200, 4);
	unit_run_threads(THREADS + 1, count_or_work, &c);
	assert_int_equal(c.wrong, 0);
	assert_int_equal(t->shorts, 0);
	assert_int_equal(t->doubles, 0);
	assert_int_equal(exmap_pool_count(&t->pool), THREADS * 1200);
	exmap_pool_destroy(&t->pool);
	free(t->owner);
	free(t);
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_frame_a_thread_4_7),
		cmocka_unit_test(small_shares_are_never_refused_4_7),
		cmocka_unit_test(big_shares_are_never_refused_4_7),
		cmocka_unit_test(one_list_for_all_threads),
		cmocka_unit_test(count_while_others_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
