// SPDX-License-Identifier: MIT
/* test_emu_junk.c - with the option junk=1 pages that come and pages that go hold a pattern */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device.h"
#include "emu/disturb.h"
#include "emu/memory.h"
#include "emu/slots.h"

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

/* A pipe refers to the pages, as I/O in flight does. They are no neighbours, and freed by one call. */
static void the_kernel_sees_the_pattern_in_freed_pages(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	static char was[3 * PAGE];
	struct iovec pages[3];
	char pattern;
	int pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < 3; i++) {
		d->user[0]->iov[i].value = 0;
		d->user[0]->iov[i].page = 10 * i;
		d->user[0]->iov[i].len = 1;
		pages[i] = (struct iovec){ d->base + 10 * i * PAGE, PAGE };
	}
	assert_int_equal(unit_do(d, 0, ALLOC, 3), 0);
	pattern = d->base[0];
	for (int i = 0; i < 3; i++) {
		memset(pages[i].iov_base, 1, PAGE);
		d->user[0]->iov[i].value = 0;
		d->user[0]->iov[i].page = 10 * i;
		d->user[0]->iov[i].len = 1;
	}
	assert_int_equal(vmsplice(pipes[1], pages, 3, 0), 3 * PAGE);
	assert_int_equal(unit_do(d, 0, FREE, 3), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(read(pipes[0], was + i * PAGE, PAGE), PAGE);
	for (size_t i = 0; i < 3 * PAGE; i++)
		assert_int_equal(was[i], pattern);
	unit_device_free(d);
}

static void slots_hold_the_pattern(void **state)
{
	struct device *d = unit_device_new(PAGES, PAGES, -1);
	struct emu_surface *s = d->file->dev->surface;
	u64 resident = 0;

	(void)state;
	if (!s->slots) {
		unit_device_free(d);
		skip();
	}
	assert_int_equal(unit_one(d, 0, ALLOC, 0, PAGES), PAGES);
	memset(d->base, 1, PAGES * PAGE);
	assert_int_equal(unit_one(d, 0, FREE, 0, PAGES), PAGES);
	for (u64 frame = 0; frame < PAGES; frame++) {
		const unsigned char *slot = (unsigned char *)emu_slot(s->slots, frame);

		if (s->slots->slot[frame] != SLOT_RESIDENT)
			continue;
		resident++;
		for (u64 i = 0; i < PAGE; i += 8)
			assert_int_equal(slot[i], EMU_JUNK);
	}
	assert_int_not_equal(resident, 0);
	unit_device_free(d);
}

/* The pattern cannot be stored there, and nothing else happens either. */
static void pages_of_a_read_only_surface_go_as_they_are(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);

	(void)state;
	assert_int_equal(unit_one(d, 0, ALLOC, 0, 10), 10);
	assert_int_equal(emu_mprotect(d->base, 100 * PAGE, PROT_READ), 0);
	assert_int_equal(unit_one(d, 0, FREE, 0, 10), 10);
	unit_device_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_page_shows_what_was_in_it_4_8),
		cmocka_unit_test(nor_does_a_page_far_from_others_4_8),
		cmocka_unit_test(slots_hold_the_pattern),
		cmocka_unit_test(pages_of_a_read_only_surface_go_as_they_are),
		/* The last: it ends MOVE for this process, if it is told of vmsplice(). */
		cmocka_unit_test(the_kernel_sees_the_pattern_in_freed_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
