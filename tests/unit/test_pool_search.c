// SPDX-License-Identifier: MIT
/* test_pool_search.c - where a get looks for frames: the list to steal from, the last sweep [4.7] */

#include "unit.h"

#include <stdlib.h>

#include "core/pool.h"

#define FRAMES 2048
#define LISTS 3
#define THIEF 2

static struct exmap_pool *pool;
static void *memory;
static u32 frames[FRAMES];

/* The test holds all frames; lists and depot are empty. */
static int setup(void **state)
{
	(void)state;
	pool = unit_alloc(sizeof(*pool));
	memory = unit_alloc(exmap_pool_size(FRAMES, LISTS));
	exmap_pool_init(pool, memory, FRAMES, LISTS);
	return exmap_pool_get(pool, 0, frames, FRAMES) == FRAMES ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	exmap_pool_destroy(pool);
	free(memory);
	free(pool);
	return 0;
}

/* Of 9 draws of two out of three lists, 5 have the fuller one among them, and only 1 no other. */
static void the_fuller_of_two_victims_is_robbed(void **state)
{
	u32 rounds = 900;
	u32 robbed = 0;
	u32 got;

	(void)state;
	for (u32 i = 0; i < rounds; i++) {
		exmap_pool_put(pool, 0, frames, 10);
		exmap_pool_put(pool, 1, frames + 10, 40);
		/* As if this list had not stolen yet. */
		pool->lists[THIEF].victim = THIEF;
		assert_int_equal(exmap_pool_get(pool, THIEF, frames, 1), 1);
		robbed += pool->lists[1].free < 40;
		got = 1 + exmap_pool_get(pool, THIEF, frames + 1, 50);
		assert_int_equal(got, 50);
	}
	assert_true(robbed > rounds / 3);
}

struct sweep {
	u32 list;
	u32 n;
	u32 ready;
	u32 done;
	u32 got;
};

/*
 * Holds a list's lock until the thief has tried it and gone on. Then the thief has looked at all
 * lists, and has found nothing.
 */
static void wait_for_thief(u32 random)
{
	struct exmap_list *list = &pool->lists[THIEF];
	u32 now;

	do {
		sched_yield();
		exmap_lock(&list->lock);
		now = list->random;
		exmap_unlock(&list->lock);
	} while (now == random);
}

static void steal_all(struct sweep *sweep)
{
	u32 *taken = unit_alloc(FRAMES * sizeof(*taken));

	unit_wait_for(&sweep->ready, 1);
	sweep->got = exmap_pool_get(pool, THIEF, taken, FRAMES);
	exmap_store_release(&sweep->done, 1);
	memcpy(frames, taken, sweep->got * sizeof(*taken));
	free(taken);
}

static void put_before_the_gate_closes(void *ctx, unsigned int index)
{
	struct sweep *sweep = ctx;
	u32 random = pool->lists[THIEF].random;

	if (index) {
		steal_all(sweep);
		return;
	}
	exmap_lock(&pool->gate);
	exmap_store_release(&sweep->ready, 1);
	wait_for_thief(random);
	exmap_pool_put(pool, sweep->list, frames, sweep->n);
	exmap_unlock(&pool->gate);
}

/* Frames are put after a thief has looked everywhere: to each list, and from it to the depot. */
static void the_last_sweep_finds_what_came_meanwhile_4_7(void **state)
{
	static const u32 counts[] = { 1, 1024, 1025, FRAMES };

	(void)state;
	for (u32 list = 0; list < LISTS; list++) {
		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
			struct sweep sweep = { .list = list, .n = counts[i] };

			unit_run_threads(2, put_before_the_gate_closes, &sweep);
			assert_int_equal(sweep.got, sweep.n);
		}
	}
}

/* Long enough for the other thread to do what it must not do. */
static bool is_done_soon(struct sweep *sweep)
{
	for (unsigned int round = 0; round < 60; round++) {
		if (exmap_load_acquire(&sweep->done))
			return true;
		exmap_wait(round);
	}
	return false;
}

/* When the gate closes, a put holds a list's lock and has not added its frame yet. */
static void put_behind_the_gate(void *ctx, unsigned int index)
{
	struct sweep *sweep = ctx;
	struct exmap_list *list = &pool->lists[sweep->list];

	if (index) {
		steal_all(sweep);
		return;
	}
	exmap_pool_put(pool, sweep->list, frames, 1);
	exmap_lock(&list->lock);
	list->loaded->count--;
	exmap_store(&list->free, 0);
	exmap_store_release(&sweep->ready, 1);
	while (!exmap_load_acquire(&pool->closed) && !exmap_load_acquire(&sweep->done))
		sched_yield();
	sweep->n = !is_done_soon(sweep);
	list->loaded->count++;
	exmap_store(&list->free, 1);
	exmap_unlock(&list->lock);
}

static void the_last_sweep_waits_for_every_list_4_7(void **state)
{
	(void)state;
	for (u32 list = 0; list < LISTS - 1; list++) {
		struct sweep sweep = { .list = list };

		unit_run_threads(2, put_behind_the_gate, &sweep);
		assert_int_equal(sweep.n, 1);
		assert_int_equal(sweep.got, 1);
	}
}

static void get_at_a_closed_gate(void *ctx, unsigned int index)
{
	struct sweep *sweep = ctx;

	if (index) {
		steal_all(sweep);
		return;
	}
	exmap_lock(&pool->gate);
	exmap_store(&pool->closed, 1);
	exmap_store_release(&sweep->ready, 1);
	sweep->n = !is_done_soon(sweep);
	exmap_store_release(&pool->closed, 0);
	exmap_unlock(&pool->gate);
}

static void nobody_moves_frames_while_the_gate_is_closed_4_7(void **state)
{
	struct sweep sweep = { 0 };

	(void)state;
	exmap_pool_put(pool, THIEF, frames, FRAMES);
	unit_run_threads(2, get_at_a_closed_gate, &sweep);
	assert_int_equal(sweep.n, 1);
	assert_int_equal(sweep.got, FRAMES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_fuller_of_two_victims_is_robbed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_last_sweep_finds_what_came_meanwhile_4_7, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_last_sweep_waits_for_every_list_4_7, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nobody_moves_frames_while_the_gate_is_closed_4_7,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
