// SPDX-License-Identifier: MIT
/* unit.c - see unit.h */

#include "unit.h"

#include <stdlib.h>

#define MAX_THREADS 64

struct worker {
	pthread_t thread;
	pthread_barrier_t *start;
	void (*fn)(void *ctx, unsigned int index);
	void *ctx;
	unsigned int index;
};

static void *work(void *arg)
{
	struct worker *worker = arg;

	pthread_barrier_wait(worker->start);
	worker->fn(worker->ctx, worker->index);
	return NULL;
}

void unit_run_threads(unsigned int n, void (*fn)(void *ctx, unsigned int index), void *ctx)
{
	struct worker workers[MAX_THREADS];
	pthread_barrier_t start;

	unit_assert_between(n, 1, MAX_THREADS);
	assert_int_equal(pthread_barrier_init(&start, NULL, n), 0);
	for (unsigned int i = 0; i < n; i++) {
		workers[i] = (struct worker){ .start = &start, .fn = fn, .ctx = ctx, .index = i };
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			abort();
	}
	for (unsigned int i = 0; i < n; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_barrier_destroy(&start);
}

u32 unit_random(u32 *state, u32 n)
{
	*state = *state * 1664525u + 1013904223u;
	return (u64)*state * n >> 32;
}

void *unit_alloc(size_t size)
{
	size_t rounded = (size + 63) / 64 * 64;
	void *memory = aligned_alloc(64, rounded ? rounded : 64);

	if (!memory)
		abort();
	memset(memory, 0, rounded);
	return memory;
}

void unit_wait_for(u32 *word, u32 value)
{
	while (exmap_load_acquire(word) < value)
		sched_yield();
}
