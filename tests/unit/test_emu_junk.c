// SPDX-License-Identifier: MIT
/* test_emu_junk.c - with the option junk=1 each page that comes holds a pattern, used before or not */

#define _GNU_SOURCE
#include "unit.h"

#include <string.h>

#include "device.h"
#include "emu/surface.h"
#include "emu/mover.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE
#define PAGE EXMAP_PAGE_SIZE
#define PAGES 600

static void no_page_shows_what_was_in_it_4_8(void **state)
{
	struct device *d = unit_device_new(2 * PAGES, PAGES, -1);
	unsigned char pattern;

	(void)state;
	assert_int_equal(unit_one(d, 0, ALLOC, 0, 1), 1);
	pattern = d->base[0];
	assert_int_not_equal(pattern, 0);
	assert_int_equal(unit_one(d, 0, FREE, 0, 1), 1);
	for (u64 round = 0; round < 4; round++) {
		u64 first = round % 2 * PAGES;
		unsigned char *bytes = (unsigned char *)d->base + first * PAGE;

		assert_int_equal(unit_one(d, 0, ALLOC, first, PAGES), PAGES);
		for (u64 i = 0; i < PAGES * PAGE; i += 512)
			assert_int_equal(bytes[i], pattern);
		memset(bytes, 1, PAGES * PAGE);
		assert_int_equal(unit_one(d, 0, FREE, first, PAGES), PAGES);
	}
	unit_device_free(d);
}

/* Pages of one call that are no neighbours. */
static void nor_does_a_page_far_from_others_4_8(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);

	(void)state;
	for (int i = 0; i < 3; i++) {
		d->user[0]->iov[i].value = 0;
		d->user[0]->iov[i].page = 10 * i;
		d->user[0]->iov[i].len = 2;
	}
	assert_int_equal(unit_do(d, 0, ALLOC, 3), 0);
	assert_int_not_equal(d->base[0], 0);
	assert_int_equal(d->base[10 * PAGE], d->base[0]);
	assert_int_equal(d->base[22 * PAGE - 1], d->base[0]);
	unit_device_free(d);
}

/* A page that is moved keeps its content. */
static void no_page_is_moved(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);

	(void)state;
	assert_ptr_not_equal(d->file->dev->surface->mover, &emu_mover_move);
	unit_device_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_page_shows_what_was_in_it_4_8),
		cmocka_unit_test(nor_does_a_page_far_from_others_4_8),
		cmocka_unit_test(no_page_is_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
