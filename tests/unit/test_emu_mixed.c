// SPDX-License-Identifier: MIT
/*
 * test_emu_mixed.c - calls that move some of their pages and copy others, at random
 *
 * No two neighbouring pages have neighbouring frames, so each page is a piece of its own. So a
 * call has more pieces to drop than one process_madvise() takes ranges.
 */

#define _GNU_SOURCE
#include "unit.h"

#include <stdlib.h>

#include "device.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE
#define PAGE EXMAP_PAGE_SIZE
#define PAGES 3000

/* Frees single pages in steps of five, so that later pages get no neighbouring frames. */
static void free_scattered(struct device *d, u64 first)
{
	for (u64 turn = 0; turn < 5; turn++) {
		for (u64 page = turn; page < PAGES; page += 5)
			assert_int_equal(unit_one(d, 0, FREE, first + page, 1), 1);
	}
}

static void more_pieces_than_ranges_of_a_call(void **state)
{
	struct device *d = unit_device_new(2 * PAGES, PAGES, -1);

	(void)state;
	/* Whether a call's pages are dropped is one toss of a coin, or one for each piece. */
	for (u64 round = 0; round < 16; round++) {
		u64 first = round % 2 * PAGES;

		assert_int_equal(unit_one(d, 0, ALLOC, first, PAGES), PAGES);
		for (u64 page = first; page < first + PAGES; page++)
			assert_int_equal(unit_touch(d->base + page * PAGE, true), 0);
		free_scattered(d, first);
		assert_int_equal(unit_one(d, 0, ALLOC, first, PAGES), PAGES);
		memset(d->base + first * PAGE, 1, PAGES * PAGE);
		assert_int_equal(unit_one(d, 0, FREE, first, PAGES), PAGES);
		for (u64 page = first; page < first + PAGES; page++)
			assert_int_not_equal(unit_touch(d->base + page * PAGE, false), 0);
	}
	unit_device_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_pieces_than_ranges_of_a_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
