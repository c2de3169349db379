// SPDX-License-Identifier: MIT
/*
 * test_emu_inject.c - injected faults do what the clauses say of real ones
 *
 * EXMAP_OPTIONS has, in this order: alloc:enomem:every=10:if=0, read:eio:every=3:if=1,
 * read:short:pages=40-60:if=2, read:eio:p=0.3:seed=9:if=3, setup:enomem:every=9; and junk=1.
 */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>

#include "device.h"
#include "emu/backing.h"
#include "core/chance.h"
#include "emu/disturb.h"
#include "emu/inject.h"
#include "file.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE
#define READ EXMAP_OP_READ
#define PAGE EXMAP_PAGE_SIZE
#define PAGES 100

static void rules_are_read(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rules[] = {
		{ "alloc:enomem", true },
		{ "alloc,enomem,every=1000", true },
		{ "read:eio:p=0.001:seed=7", true },
		{ "read:short:if=255:pages=100-200", true },
		{ "read:eio:delay=2ms", true },
		{ "free:delay=10us", true },
		{ "setup:enomem:every=2", true },
		{ "", false },
		{ "aloc:enomem", false },
		{ "alloc", false },
		{ "alloc:eio", false },
		{ "alloc:short", false },
		{ "free:enomem", false },
		{ "setup:delay=1s", false },
		{ "setup:enomem:if=1", false },
		{ "setup:enomem:pages=1-2", false },
		{ "read:eio:enomem", false },
		{ "read:eio:every=0", false },
		{ "read:eio:every=2:p=0.1", false },
		{ "read:eio:p=0.1:every=2", false },
		{ "read:eio:every=2x", false },
		{ "read:eio:every=-2", false },
		{ "read:eio:p=2", false },
		{ "read:eio:seed=0", false },
		{ "read:eio:if=256", false },
		{ "read:eio:pages=2", false },
		{ "read:eio:pages=3-2", false },
		{ "read:eio:pages=3-4-5", false },
		{ "read:delay=0ms", false },
		{ "read:delay=2", false },
		{ "read:delay=61s", false },
		{ "read:delay=99999999999999999999s", false },
		{ "read:eio:pages=10000000000000000000-10000000000000000000:seed=4000000000:delay=99999us:if=10:every=1000000",
		  false },
	};
	struct exmap_inject_rule rule;
	char why[160];

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		bool good = exmap_inject_parse(rules[i].text, strlen(rules[i].text), &rule, why,
					       sizeof(why));

		if (good != rules[i].good)
			fail_msg("%s is %sa rule", rules[i].text, good ? "" : "no ");
	}
	assert_true(exmap_inject_parse("read,eio,pages=5-9,if=3,delay=3ms,every=4;x", 41, &rule,
				       why, sizeof(why)));
	assert_string_equal(rule.text, "read:eio:pages=5-9:if=3:delay=3ms:every=4");
	assert_int_equal(rule.error, -EIO);
	assert_int_equal(rule.first, 5);
	assert_int_equal(rule.last, 9);
	assert_int_equal(rule.interface, 3);
	assert_int_equal(rule.every, 4);
	assert_int_equal(rule.delay_ns, 3000000);
}

static void ask(struct device *d, u32 id, u32 vec, u64 page, u64 len)
{
	d->user[id]->iov[vec].value = 0;
	d->user[id]->iov[vec].page = page;
	d->user[id]->iov[vec].len = len;
}

static void expect(struct device *d, u32 id, u32 vec, int res, u32 pages)
{
	assert_int_equal(d->user[id]->iov[vec].res, res);
	assert_int_equal(d->user[id]->iov[vec].pages, pages);
}

static bool is_mapped(struct device *d, u64 page)
{
	return !unit_touch(d->base + page * PAGE, false);
}

static void vectors_before_stand_and_those_behind_fail_4_6(void **state)
{
	struct device *d = unit_device_new(PAGES, PAGES, -1);

	(void)state;
	/* Of another interface: not counted. */
	assert_int_equal(unit_one(d, 1, ALLOC, 50, 15), 15);
	ask(d, 0, 0, 0, 4);
	ask(d, 0, 1, 10, 4);
	ask(d, 0, 2, 20, 4);
	ask(d, 0, 3, 30, 1);
	ask(d, 0, 4, 0, 1);
	assert_int_equal(unit_do(d, 0, ALLOC, 5), 3);
	expect(d, 0, 0, 0, 4);
	expect(d, 0, 1, 0, 4);
	expect(d, 0, 2, -ENOMEM, 1);
	expect(d, 0, 3, -ENOMEM, 0);
	expect(d, 0, 4, -ENOMEM, 0);
	assert_true(is_mapped(d, 20));
	assert_false(is_mapped(d, 21));
	assert_false(is_mapped(d, 30));
	assert_int_equal(unit_stats(d->file).alloc_count, 15 + 9);
	assert_int_equal(d->file->dev->injected[0], 1);
	/* And it works again: the pages up to the next fault. */
	assert_int_equal(unit_one(d, 0, ALLOC, 20, 4), 3);
	assert_int_equal(unit_one(d, 0, ALLOC, 0, 4), 0);
	assert_int_equal(unit_one(d, 0, ALLOC, 70, 6), 6);
	assert_int_equal(unit_one(d, 0, ALLOC, 80, 1), -ENOMEM);
	unit_device_free(d);
}

static void a_read_fails_in_the_range_that_is_hit_5_4(void **state)
{
	struct device *d = unit_device_new(PAGES, PAGES, unit_file(PAGES * PAGE, O_DIRECT));
	struct iovec iov[5];

	(void)state;
	for (int i = 0; i < 5; i++)
		iov[i] = (struct iovec){ d->base + i * PAGE, PAGE };
	assert_int_equal(unit_read(d->file, iov, 5, 1 | READ << 8), 2 * PAGE);
	unit_expect_content(d, 0, 2 * PAGE);
	assert_false(is_mapped(d, 2));
	assert_int_equal(unit_read_pages(d, 1, READ, 2, 3), 3 * PAGE);
	assert_int_equal(unit_read_pages(d, 1, READ, 5, 3), 3 * PAGE);
	assert_int_equal(unit_read_pages(d, 1, READ, 8, 3), -EIO);
	assert_int_equal(unit_stats(d->file).alloc_count, 8);
	assert_int_equal(d->file->dev->injected[1], 2);
	unit_device_free(d);
}

static void a_short_read_is_as_the_end_of_the_backing_5_5(void **state)
{
	struct device *d = unit_device_new(PAGES, PAGES, unit_file(PAGES * PAGE, O_DIRECT));

	(void)state;
	/* Slots get pages, if there are slots. */
	assert_int_equal(unit_one(d, 2, ALLOC, 0, PAGES), PAGES);
	assert_int_equal(unit_one(d, 2, FREE, 0, PAGES), PAGES);
	for (int round = 0; round < 20; round++) {
		ssize_t bytes = unit_read_pages(d, 2, READ, 40, 8);
		u64 pages = emu_pages_len(bytes) / PAGE;

		unit_assert_between(bytes, 512, 8 * PAGE - 512);
		/* What else reads the backing sees all of it. */
		assert_true(emu_backing_end == UINT64_MAX);
		unit_expect_content(d, 40, bytes);
		assert_int_equal(unit_stats(d->file).alloc_count, pages);
		assert_int_equal(unit_one(d, 2, FREE, 40, 8), pages);
		/* What was read behind the end shows nowhere [4.8]. */
		assert_int_equal(unit_one(d, 2, ALLOC, 0, PAGES), PAGES);
		for (u64 i = 0; i < PAGES * PAGE; i += 64)
			assert_int_equal((u8)d->base[i], EMU_JUNK);
		assert_int_equal(unit_one(d, 2, FREE, 0, PAGES), PAGES);
	}
	assert_int_equal(d->file->dev->injected[2], 20);
	assert_int_equal(unit_read_pages(d, 2, READ, 30, 10), 10 * PAGE);
	assert_int_equal(unit_read_pages(d, 2, READ, 61, 10), 10 * PAGE);
	unit_expect_content(d, 61, 10 * PAGE);
	unit_device_free(d);
}

static void a_seed_decides_which(void **state)
{
	struct device *d = unit_device_new(PAGES, PAGES, unit_file(PAGES * PAGE, O_DIRECT));
	struct exmap_surface *s = &d->file->dev->surface->core;
	u64 next = 0;
	u32 failed = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		bool fails = exmap_happens(exmap_random(&next, 9, 4 * EXMAP_MAX_INTERFACES + 3),
					   EXMAP_CERTAIN / 10 * 3);

		assert_int_equal(unit_read_pages(d, 3, READ, 5, 1), fails ? -EIO : (ssize_t)PAGE);
		unit_one(d, 3, FREE, 5, 1);
		failed += fails;
		/* So does READ of a page that is mapped, in the LeanStore dialect. */
		fails = exmap_happens(exmap_random(&next, 9, 4 * EXMAP_MAX_INTERFACES + 3),
				      EXMAP_CERTAIN / 10 * 3);
		assert_int_equal(s->ops->fetch(s, 3, 5, 1), fails ? -EIO : (s64)PAGE);
	}
	unit_assert_between(failed, 40, 80);
	unit_device_free(d);
}

static void a_setup_that_fails_may_be_tried_again_3_1(void **state)
{
	u32 failed = 0;

	(void)state;
	for (int i = 0; i < 9; i++) {
		struct exmap_file *file = emu_open(O_RDWR, EMU_NAME_PLAIN);

		if (unit_setup(file, -1, 2, 10, 0)) {
			failed++;
			assert_int_equal(unit_stats(file).buffer_size, 0);
			assert_int_equal(unit_setup(file, -1, 2, 10, 0), 0);
		}
		emu_file_put(file);
	}
	assert_int_equal(failed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_read),
		cmocka_unit_test(vectors_before_stand_and_those_behind_fail_4_6),
		cmocka_unit_test(a_read_fails_in_the_range_that_is_hit_5_4),
		cmocka_unit_test(a_short_read_is_as_the_end_of_the_backing_5_5),
		cmocka_unit_test(a_seed_decides_which),
		cmocka_unit_test(a_setup_that_fails_may_be_tried_again_3_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
