// SPDX-License-Identifier: MIT
/*
 * test_pool_stack.c - the depot's lock-free stacks
 *
 * The pool is compiled into this test, with a compare-and-swap that calls a function just before
 * it happens. So the test makes rare interleavings, such as ABA, happen each time.
 */

#include "unit.h"

#include <stdlib.h>

static void (*interrupt)(void);

static void maybe_interrupt(void)
{
	void (*fn)(void) = __atomic_exchange_n(&interrupt, NULL, __ATOMIC_RELAXED);

	if (fn)
		fn();
}

#undef exmap_try_cmpxchg
#define exmap_try_cmpxchg(p, old, new) \
	(maybe_interrupt(),            \
	 __atomic_compare_exchange_n(p, old, new, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))

#include "core/pool.c"

#define THREADS 8
#define BUNDLES 4

static struct exmap_pool *pool;
static struct exmap_bundle *taken[BUNDLES];

static int setup(void **state)
{
	(void)state;
	pool = unit_alloc(sizeof(*pool));
	pool->bundles = unit_alloc(BUNDLES * sizeof(*pool->bundles));
	pool->nr_bundles = BUNDLES;
	pool->full.head = pool->empty.head = EXMAP_NO_BUNDLE;
	for (u32 i = BUNDLES; i-- > 0;)
		push(pool, &pool->full, &pool->bundles[i]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(pool->bundles);
	free(pool);
	return 0;
}

static u32 depth(const struct exmap_stack *stack)
{
	u32 n = 0;

	for (u32 i = (u32)stack->head; i != EXMAP_NO_BUNDLE; i = pool->bundles[i].next)
		n++;
	return n;
}

static void last_in_first_out(void **state)
{
	(void)state;
	for (u32 i = 0; i < BUNDLES; i++)
		assert_ptr_equal(pop(pool, &pool->full), &pool->bundles[i]);
	assert_null(pop(pool, &pool->full));
	assert_null(pop(pool, &pool->empty));
}

/* ABA: bundle 0 is on the top again, but bundle 1 is no longer below it. */
static void make_aba(void)
{
	taken[0] = pop(pool, &pool->full);
	taken[1] = pop(pool, &pool->full);
	push(pool, &pool->full, taken[0]);
}

static void aba_under_a_pop_is_noticed(void **state)
{
	(void)state;
	interrupt = make_aba;
	assert_ptr_equal(pop(pool, &pool->full), &pool->bundles[0]);
	assert_ptr_equal(taken[1], &pool->bundles[1]);
	/* If pop used the stale link, bundle 1 would be on the stack although it was taken. */
	assert_ptr_equal(pop(pool, &pool->full), &pool->bundles[2]);
	assert_ptr_equal(pop(pool, &pool->full), &pool->bundles[3]);
	assert_null(pop(pool, &pool->full));
}

static void take_all(void)
{
	for (u32 i = 0; i < BUNDLES; i++)
		taken[i] = pop(pool, &pool->full);
}

static void pop_that_loses_the_last_one_returns_none(void **state)
{
	(void)state;
	interrupt = take_all;
	assert_null(pop(pool, &pool->full));
	assert_non_null(taken[BUNDLES - 1]);
}

static void push_other(void)
{
	push(pool, &pool->full, taken[1]);
}

static void push_that_loses_keeps_the_winner(void **state)
{
	(void)state;
	taken[0] = pop(pool, &pool->full);
	taken[1] = pop(pool, &pool->full);
	interrupt = push_other;
	push(pool, &pool->full, taken[0]);
	assert_int_equal(depth(&pool->full), BUNDLES);
	assert_ptr_equal(pop(pool, &pool->full), taken[0]);
	assert_ptr_equal(pop(pool, &pool->full), taken[1]);
}

static void tag_may_wrap(void **state)
{
	(void)state;
	pool->full.head |= 0xffffffffull << 32;
	for (u32 i = 0; i < 3; i++) {
		struct exmap_bundle *bundle = pop(pool, &pool->full);

		assert_ptr_equal(bundle, &pool->bundles[0]);
		push(pool, &pool->full, bundle);
	}
	assert_int_equal(pool->full.head >> 32, 5);
	assert_int_equal(depth(&pool->full), BUNDLES);
}

struct torture {
	u32 rounds;
	u32 wrong;
	u8 owner[BUNDLES];
};

/* More threads than bundles: the head that a pop has read is stale most of the time. */
static void shuffle(void *ctx, unsigned int index)
{
	struct torture *t = ctx;
	struct exmap_stack *stacks[] = { &pool->full, &pool->empty };
	u32 random = index + 1;

	for (u32 i = 0; i < t->rounds; i++) {
		struct exmap_bundle *bundle = pop(pool, stacks[unit_random(&random, 2)]);
		u32 id;

		if (!bundle)
			continue;
		id = bundle - pool->bundles;
		if (__atomic_exchange_n(&t->owner[id], index + 1, __ATOMIC_RELAXED))
			__atomic_add_fetch(&t->wrong, 1, __ATOMIC_RELAXED);
		/* Not atomic: ThreadSanitizer tells if the stack does not order this. */
		bundle->count++;
		bundle->frame[bundle->count % EXMAP_BUNDLE_FRAMES] = index;
		if (__atomic_exchange_n(&t->owner[id], 0, __ATOMIC_RELAXED) != index + 1)
			__atomic_add_fetch(&t->wrong, 1, __ATOMIC_RELAXED);
		push(pool, stacks[unit_random(&random, 2)], bundle);
	}
}

static void torture_with_few_bundles(void **state)
{
	struct torture t = { .rounds = UNIT_ROUNDS(500000) };

	(void)state;
	unit_run_threads(THREADS, shuffle, &t);
	assert_int_equal(t.wrong, 0);
	assert_int_equal(depth(&pool->full) + depth(&pool->empty), BUNDLES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(last_in_first_out, setup, teardown),
		cmocka_unit_test_setup_teardown(aba_under_a_pop_is_noticed, setup, teardown),
		cmocka_unit_test_setup_teardown(pop_that_loses_the_last_one_returns_none, setup,
						teardown),
		cmocka_unit_test_setup_teardown(push_that_loses_keeps_the_winner, setup, teardown),
		cmocka_unit_test_setup_teardown(tag_may_wrap, setup, teardown),
		cmocka_unit_test_setup_teardown(torture_with_few_bundles, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
