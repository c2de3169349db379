// SPDX-License-Identifier: MIT
/*
 * test_findings.c - promises that are not kept yet
 *
 * Each test here is named on the command line and registered with ctest as one
 * that fails. When a finding is dealt with, ctest says so, and the test moves
 * to where it belongs.
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
 * A read that maps only some of its pages unmaps them again. The client may have
 * pinned one meanwhile, and unmap puts it back to PRESENT: then it is neither
 * EMPTY nor may its frame be lost [4.11, 5.6].
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
 * As soon as unmap has put a pinned page back to PRESENT another interface may
 * claim it, before FREE has looked which pages stayed. What FREE then finds BUSY
 * is not its own: to release it hands out the frame of a page that is mapped.
 */
static void pinned_page_claimed_by_another_before_free_looks(void **state)
{
	struct fake *f = fake_new(100, 50, 1);
	s64 frame;

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 10), 10);
	frame = fake_frame(f, 3);
	f->pinned[3] = 1;
	f->hook = claim_at_once;
	assert_int_equal(fake_one(f, 0, FREE, 0, 10), 9);
	assert_true(claimed);
	/* The other's, as it claimed it. */
	assert_int_equal(exmap_load(&f->s.table[3]), exmap_busy_word(frame));
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
	exmap_action(&c->f->ifc[0], &c->f->pool, &c->f->s, ALLOC, 1);
	exmap_unlock(&c->f->ifc[0].lock);
	return NULL;
}

/*
 * No call is a cancellation point: it holds its interface's lock, and in the
 * emulator an RCU read section, and nobody would ever give them back.
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
	/* Time enough to sleep, but nothing that an answer depends on. */
	for (unsigned int round = 0; round < 40; round++)
		exmap_wait(round);
	exmap_store_release(&c.f->s.table[5], 0);
	pthread_join(c.waiter, &ret);
	assert_true(exmap_trylock(&c.f->ifc[0].lock));
	exmap_unlock(&c.f->ifc[0].lock);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_undone_with_a_page_pinned),
		cmocka_unit_test(pinned_page_claimed_by_another_before_free_looks),
		cmocka_unit_test(waiting_call_is_no_cancellation_point),
	};

	if (argc == 2)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
