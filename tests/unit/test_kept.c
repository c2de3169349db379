// SPDX-License-Identifier: MIT
/*
 * test_kept.c - what a call must keep: pages that the kernel has pinned for I/O, and its locks
 */

#include "unit.h"

#include "fake.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE

static void pin_what_was_mapped(struct fake *f, enum fake_op op, u32 id)
{
	(void)id;
	if (op == FAKE_MAP)
		f->pinned[5] = 1;
}

/*
 * A read that maps only some of its pages unmaps them again. If I/O of the client has pinned one
 * meanwhile, unmap keeps that page: it must not become EMPTY, and its frame must not be lost
 * [4.11, 5.6].
 */
static void read_undone_with_a_page_pinned(void **state)
{
	struct fake *f = fake_new(100, 50, 1);

	(void)state;
	f->map_limit = 3;
	f->hook = pin_what_was_mapped;
	assert_int_equal(fake_read(f, 0, ALLOC, 4, 6), -ENOMEM);
	fake_free(f);
}

static bool claimed;

static void claim_at_once(struct fake *f, enum fake_op op, u32 id)
{
	struct exmap_run run;
	u64 pos = 3;

	(void)id;
	if (op == FAKE_UNMAP)
		claimed = exmap_claim_run(&f->s, true, &pos, 4, &run) == EXMAP_CLAIM_RUN;
}

/*
 * A pinned page stays BUSY, and FREE's own, until FREE has looked which pages unmap has kept. If
 * unmap made it PRESENT at once, another interface could claim it before that, and FREE would
 * find a BUSY page that is not its own.
 */
static void pinned_page_is_nobody_elses_before_free_looks(void **state)
{
	struct fake *f = fake_new(100, 50, 1);
	s64 frame;

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 10), 10);
	frame = fake_frame(f, 3);
	f->pinned[3] = 1;
	f->hook = claim_at_once;
	assert_int_equal(fake_one(f, 0, FREE, 0, 10), 9);
	assert_false(claimed);
	assert_int_equal(fake_frame(f, 3), frame);
	f->pinned[3] = 0;
	fake_free(f);
}

struct cancelled {
	struct fake *f;
	pthread_t waiter;
	u32 waiting;
};

static void *wait_for_busy(void *arg)
{
	struct cancelled *c = arg;

	c->f->user[0].iov[0].value = 0;
	fake_ask(c->f, 0, 0, 5, 1);
	exmap_lock(&c->f->ifc[0].lock);
	exmap_store_release(&c->waiting, 1);
	fake_locked_do(c->f, 0, ALLOC, 1);
	exmap_unlock(&c->f->ifc[0].lock);
	return NULL;
}

/*
 * A call must not be a cancellation point. It holds its interface's lock, and in the emulator an
 * RCU read section; if its thread ended there, they would never be released.
 */
static void waiting_call_is_no_cancellation_point(void **state)
{
	struct cancelled c = { .f = fake_new(10, 10, 1) };
	void *ret;

	(void)state;
	c.f->s.table[5] = EXMAP_WORD_BUSY;
	assert_int_equal(pthread_create(&c.waiter, NULL, wait_for_busy, &c), 0);
	unit_wait_for(&c.waiting, 1);
	pthread_cancel(c.waiter);
	/* Let the call get to where it sleeps. The result does not depend on whether it does. */
	for (unsigned int round = 0; round < 40; round++)
		exmap_wait(round);
	exmap_store_release(&c.f->s.table[5], 0);
	pthread_join(c.waiter, &ret);
	assert_true(exmap_trylock(&c.f->ifc[0].lock));
	exmap_unlock(&c.f->ifc[0].lock);
	fake_free(c.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_undone_with_a_page_pinned),
		cmocka_unit_test(pinned_page_is_nobody_elses_before_free_looks),
		cmocka_unit_test(waiting_call_is_no_cancellation_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
