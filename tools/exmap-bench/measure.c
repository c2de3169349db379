// SPDX-License-Identifier: MIT
/* measure.c - threads, rounds, the clock, and whether what was measured was right */

#define _GNU_SOURCE
#include "bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *const pattern_names[NR_PATTERNS] = {
	"scattered", "neighbours", "run", "handover", "steal", "page-read", "batch-read", "empty",
};

struct thread {
	pthread_t thread;
	struct worker worker;
	const struct backend *backend;
	uint64_t pages;
	uint64_t frees;
};

static pthread_barrier_t barrier;
static int stop;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

/* Interrupts that one CPU sent another: TLB shootdowns and function calls. */
static double ipis(void)
{
	FILE *file = fopen("/proc/interrupts", "r");
	char line[4096], name[16];
	double sum = 0;
	bool any = false;

	while (file && fgets(line, sizeof(line), file)) {
		char *rest = line;
		int used;

		if (sscanf(line, " %15[A-Z]:%n", name, &used) != 1 ||
		    (strcmp(name, "TLB") && strcmp(name, "CAL")))
			continue;
		any = true;
		for (rest += used;; rest += used) {
			double count;

			if (sscanf(rest, " %lf%n", &count, &used) != 1)
				break;
			sum += count;
		}
	}
	if (file)
		fclose(file);
	return any ? sum : -1;
}

static bool reads(enum pattern pattern)
{
	return pattern == PAGE_READ || pattern == BATCH_READ;
}

static void choose_pages(struct worker *w)
{
	uint32_t stride = REGION_PAGES / w->plan->batch;
	uint32_t start = rand_r(&w->seed) % (REGION_PAGES - w->plan->batch);

	for (int i = 0; i < w->plan->batch; i++)
		w->page[i] = w->plan->pattern == SCATTERED || w->plan->pattern == PAGE_READ ?
				     i * stride + rand_r(&w->seed) % stride :
				     start + i;
}

static volatile char *at(const struct worker *w, int i)
{
	return w->base + (w->first + w->page[i]) * PAGE;
}

/* A benchmark that computes wrong things is worth nothing. */
static void check(struct worker *w)
{
	for (int i = 0; i < w->plan->batch; i++) {
		uint64_t want = w->page[i] * 77 + w->id;
		volatile uint64_t *word = (volatile uint64_t *)at(w, i);

		if (reads(w->plan->pattern) && *word != file_word(w->first + w->page[i])) {
			fprintf(stderr, "exmap-bench: page %u does not hold the file's content\n",
				w->page[i]);
			exit(1);
		}
		*word = want;
	}
	for (int i = 0; i < w->plan->batch; i++) {
		if (*(volatile uint64_t *)at(w, i) != w->page[i] * 77 + w->id) {
			fprintf(stderr, "exmap-bench: page %u lost what was stored\n", w->page[i]);
			exit(1);
		}
	}
}

static void one_round(struct thread *t, bool first)
{
	struct worker *w = &t->worker;

	if (w->plan->pattern == EMPTY) {
		for (int i = 0; i < w->plan->batch; i++)
			t->backend->empty(w);
		t->pages += w->plan->batch;
		return;
	}
	choose_pages(w);
	if (reads(w->plan->pattern))
		t->backend->read(w);
	else
		t->backend->alloc(w);
	if (first) {
		check(w);
	} else if (w->plan->touch) {
		for (int i = 0; i < w->plan->batch; i++)
			*at(w, i) = 1;
	}
	t->backend->free(w);
	t->pages += w->plan->batch;
	t->frees++;
}

static void *work(void *arg)
{
	struct thread *t = arg;

	t->backend->begin(&t->worker);
	for (int i = 0; i < 3; i++)
		one_round(t, true);
	t->pages = t->frees = 0;
	pthread_barrier_wait(&barrier);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		one_round(t, false);
	return NULL;
}

bool measure(const struct backend *backend, const struct plan *plan, struct figures *figures)
{
	static struct thread threads[MAX_THREADS];
	double start, before;

	if (plan->pattern == EMPTY ? !backend->empty :
	    reads(plan->pattern)   ? !backend->read :
				     !backend->alloc)
		return false;
	if (!backend->open(plan, (size_t)REGION_PAGES * plan->threads))
		return false;
	pthread_barrier_init(&barrier, NULL, plan->threads + 1);
	for (int i = 0; i < plan->threads; i++) {
		threads[i].backend = backend;
		threads[i].worker = (struct worker){
			.id = i, .plan = plan, .first = (uint64_t)i * REGION_PAGES, .seed = i + 1
		};
		if (pthread_create(&threads[i].thread, NULL, work, &threads[i]))
			return false;
	}
	pthread_barrier_wait(&barrier);
	before = ipis();
	start = now();
	usleep(plan->seconds * 1e6);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	*figures = (struct figures){ .ns = now() - start };
	for (int i = 0; i < plan->threads; i++) {
		pthread_join(threads[i].thread, NULL);
		figures->pages += threads[i].pages;
		figures->frees += threads[i].frees;
	}
	figures->ipis = before < 0 ? -1 : ipis() - before;
	return figures->pages;
}
