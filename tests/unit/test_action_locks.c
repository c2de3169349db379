// SPDX-License-Identifier: MIT
/* test_action_locks.c - pages are claimed under the lock of their block, whatever came before */

#include "unit.h"

#include "fake.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE
#define BLOCK EXMAP_BLOCK_PAGES

/* A call of @n vectors, which must wait while the test holds the lock of a block. */
struct call {
	struct fake *f;
	unsigned int opcode;
	u32 n;
	u32 locked;
	u32 done;
	u32 early;
};

/* Long enough for the other thread to do what it must not do. */
static bool is_done_soon(struct call *call)
{
	for (unsigned int round = 0; round < 60; round++) {
		if (exmap_load_acquire(&call->done))
			return true;
		exmap_wait(round);
	}
	return false;
}

static void meet(void *ctx, unsigned int index)
{
	struct call *call = ctx;

	if (index) {
		fake_do(call->f, 0, call->opcode, call->n);
		exmap_store_release(&call->done, 1);
		return;
	}
	unit_wait_for(&call->locked, 1);
	call->early = is_done_soon(call);
	exmap_spin_unlock(&call->f->s.blocks[0].lock);
}

static void must_wait(struct call *call)
{
	unit_run_threads(2, meet, call);
	assert_int_equal(call->early, 0);
}

/* Single pages, neighbours, and a long vector; the first of the call, or behind others. */
static void held_from_the_start(void **state)
{
	(void)state;
	for (u32 shape = 0; shape < 6; shape++) {
		struct fake *f = fake_new(8 * BLOCK, 100, 1);
		u32 others = shape % 2;

		for (int round = 0; round < 2; round++) {
			struct call call = { .f = f, .opcode = round ? FREE : ALLOC, .locked = 1 };

			if (others)
				fake_ask(f, 0, call.n++, 2 * BLOCK, 1);
			fake_ask(f, 0, call.n++, 10, shape / 2 == 2 ? 20 : 1);
			if (shape / 2 == 1)
				fake_ask(f, 0, call.n++, 11, 1);
			exmap_spin_lock(&f->s.blocks[0].lock);
			must_wait(&call);
			assert_int_equal(fake_present(f),
					 round ? 0 :
						 others + (shape / 2 == 2 ? 20 : 1 + shape / 2));
		}
		fake_free(f);
	}
}

static struct call *in_prepare;

static bool lock_and_prepare(struct exmap_surface *s, u64 page, u64 len)
{
	for (u64 i = page; i < page + len; i++)
		s->touched[i / BLOCK / 64] |= 1ull << i / BLOCK % 64;
	if (page == 4 * BLOCK - 1) {
		exmap_spin_lock(&s->blocks[0].lock);
		exmap_store_release(&in_prepare->locked, 1);
	}
	return true;
}

/* A call that has had the block's lock before, and has released it for a vector in other blocks. */
static void held_since_the_call_left_the_block(void **state)
{
	struct fake *f = fake_new(8 * BLOCK, 100, 1);
	struct exmap_surface_ops ops = *f->s.ops;
	struct call call = { .f = f, .opcode = ALLOC, .n = 3 };

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 100, 1), 1);
	ops.prepare = lock_and_prepare;
	f->s.ops = &ops;
	in_prepare = &call;
	fake_ask(f, 0, 0, 10, 1);
	fake_ask(f, 0, 1, 4 * BLOCK - 1, 2);
	fake_ask(f, 0, 2, 20, 1);
	must_wait(&call);
	assert_int_equal(fake_present(f), 5);
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(held_from_the_start),
		cmocka_unit_test(held_since_the_call_left_the_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
