// SPDX-License-Identifier: MIT
/* test_shadow_kept.c - pages of ended shadows that stay mapped: who finds them, and when they go */

#include "unit.h"

#include "fake.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE
#define KEPT 64

static struct fake *start(u32 interfaces)
{
	struct fake *f = fake_new(4096, 100, interfaces);

	f->s.keep_shadows = KEPT;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 80), 80);
	return f;
}

static int show_one(struct fake *f, u32 id, u64 page, u64 len, u64 target)
{
	fake_ask(f, id, 0, page, len);
	return fake_show(f, id, 1, target);
}

/* Whether the backend shows @source at @page, be that shadow ended or not. */
static void expect_there(const struct fake *f, u64 page, u64 len, s64 source)
{
	for (u64 i = 0; i < len; i++)
		assert_int_equal((s64)f->shows[page + i] - 1, source < 0 ? -1 : source + (s64)i);
}

static void same_targets_need_no_new_pages(void **state)
{
	struct fake *f = start(1);

	(void)state;
	for (u32 i = 0; i < 10; i++) {
		assert_int_equal(show_one(f, 0, i, 20 - i, 500), 0);
		expect_there(f, 500, 20 - i, i);
		assert_int_equal(fake_shown(f, 500), i);
		assert_int_equal(fake_rm_sd(f, 0), 0);
		assert_int_equal(fake_shown(f, 500), -1);
		expect_there(f, 500, 20 - i, i);
	}
	assert_int_equal(f->calls[FAKE_UNSHADOW], 0);
	assert_int_equal(f->ifc[0].nr_kept, 1);
	assert_int_equal(f->ifc[0].kept_pages, 20);
	assert_int_equal(f->ifc[0].nr_shadows, 0);
	fake_free(f);
}

static void own_shadow_is_replaced_in_place(void **state)
{
	struct fake *f = start(2);

	(void)state;
	assert_int_equal(show_one(f, 0, 0, 20, 500), 0);
	assert_int_equal(show_one(f, 0, 40, 10, 505), 0);
	expect_there(f, 500, 5, 0);
	expect_there(f, 505, 10, 40);
	expect_there(f, 515, 5, 15);
	/* Not by another interface. */
	assert_int_equal(show_one(f, 1, 60, 20, 510), 0);
	expect_there(f, 505, 10, 40);
	expect_there(f, 515, 5, 15);
	expect_there(f, 520, 10, 70);
	assert_int_equal(f->calls[FAKE_UNSHADOW], 0);
	fake_free(f);
}

/* To every call but RM_SD a page of an ended shadow is like an EMPTY one. */
static void ended_shadows_give_way(void **state)
{
	struct fake *f = start(2);

	(void)state;
	assert_int_equal(show_one(f, 0, 0, 20, 500), 0);
	assert_int_equal(fake_rm_sd(f, 0), 0);
	assert_int_equal(fake_one(f, 1, FREE, 500, 2), 0);
	expect_there(f, 500, 2, -1);
	assert_int_equal(fake_one(f, 1, ALLOC, 502, 2), 2);
	expect_there(f, 502, 2, -1);
	assert_int_equal(fake_read(f, 1, EXMAP_OP_READ, 504, 2), 2 * EXMAP_PAGE_SIZE);
	expect_there(f, 504, 2, -1);
	/* Another interface shows something there: it is the owner now. */
	assert_int_equal(show_one(f, 1, 40, 4, 506), 0);
	assert_int_equal(fake_rm_sd(f, 0), 0);
	assert_int_equal(fake_shown(f, 509), 43);
	/* A source that is not mapped leaves no page of the old shadow. */
	assert_int_equal(show_one(f, 0, 90, 2, 510), 0);
	expect_there(f, 510, 2, -1);
	expect_there(f, 512, 8, 12);
	fake_free(f);
}

static void bound_holds(void **state)
{
	struct fake *f = start(1);

	(void)state;
	assert_int_equal(show_one(f, 0, 0, 40, 500), 0);
	assert_int_equal(fake_rm_sd(f, 0), 0);
	assert_int_equal(show_one(f, 0, 0, 24, 600), 0);
	assert_int_equal(fake_rm_sd(f, 0), 0);
	assert_int_equal(f->ifc[0].kept_pages, KEPT);
	assert_int_equal(f->calls[FAKE_UNSHADOW], 0);
	/* One page more: all of the earlier ones go, by one op. */
	assert_int_equal(show_one(f, 0, 0, 1, 700), 0);
	assert_int_equal(fake_rm_sd(f, 0), 0);
	assert_int_equal(f->calls[FAKE_UNSHADOW], 1);
	assert_int_equal(f->log[FAKE_UNSHADOW][0], KEPT);
	expect_there(f, 700, 1, 0);
	assert_int_equal(f->ifc[0].kept_pages, 1);
	/* A range beyond the bound: its first pages stay. */
	assert_int_equal(show_one(f, 0, 0, KEPT + 5, 800), 0);
	assert_int_equal(fake_rm_sd(f, 0), 0);
	expect_there(f, 700, 1, -1);
	expect_there(f, 800, KEPT, 0);
	expect_there(f, 800 + KEPT, 5, -1);
	assert_int_equal(f->ifc[0].kept_pages, KEPT);
	fake_free(f);
}

/* The second range begins in the first, and ends behind it. */
static void ranges_that_overlap_count_twice(void **state)
{
	struct fake *f = start(1);

	(void)state;
	assert_int_equal(show_one(f, 0, 0, 20, 500), 0);
	assert_int_equal(fake_rm_sd(f, 0), 0);
	assert_int_equal(show_one(f, 0, 0, 30, 510), 0);
	assert_int_equal(fake_rm_sd(f, 0), 0);
	expect_there(f, 500, 10, 0);
	expect_there(f, 510, 30, 0);
	assert_int_equal(f->ifc[0].kept_pages, 50);
	/* A part of either is kept already. */
	assert_int_equal(show_one(f, 0, 0, 10, 530), 0);
	assert_int_equal(fake_rm_sd(f, 0), 0);
	assert_int_equal(f->ifc[0].kept_pages, 50);
	fake_free(f);
}

static void number_of_ranges_is_bounded(void **state)
{
	struct fake *f = start(1);

	(void)state;
	for (u32 i = 0; i <= EXMAP_KEPT_RANGES; i++) {
		assert_int_equal(show_one(f, 0, i, 2, 500 + 3 * i), 0);
		assert_int_equal(fake_rm_sd(f, 0), 0);
		assert_int_equal(f->calls[FAKE_UNSHADOW], i == EXMAP_KEPT_RANGES);
	}
	assert_int_equal(f->ifc[0].nr_kept, 1);
	expect_there(f, 500, 3 * EXMAP_KEPT_RANGES, -1);
	fake_free(f);
}

static void have_memory(struct fake *f, enum fake_op op, u32 id)
{
	(void)id;
	if (op != FAKE_UNSHADOW)
		return;
	exmap_store(&f->map_limit, UINT64_MAX);
	f->fill_error = 0;
}

/* ALLOC and READ that run out of memory make pages of ended shadows vanish, and try again. */
static void memory_is_given_back(void **state)
{
	struct fake *f = start(3);

	(void)state;
	f->hook = have_memory;
	for (u32 limit = 0; limit < 6; limit++) {
		assert_int_equal(show_one(f, 0, 0, 20, 500), 0);
		assert_int_equal(fake_rm_sd(f, 0), 0);
		f->map_limit = limit;
		for (u32 i = 0; i < 3; i++)
			fake_ask(f, limit % 2, i, 1000 + 10 * i, 2);
		assert_int_equal(fake_do(f, limit % 2, ALLOC, 3), 0);
		for (u32 i = 0; i < 3; i++)
			fake_expect(f, limit % 2, i, 0, 2);
		expect_there(f, 500, 20, -1);
		assert_int_equal(f->ifc[0].kept_pages, 0);
		assert_int_equal(fake_one(f, 0, FREE, 1000, 100), 6);
	}
	assert_int_equal(show_one(f, 0, 0, 20, 500), 0);
	assert_int_equal(fake_rm_sd(f, 0), 0);
	f->fill_error = -ENOMEM;
	assert_int_equal(fake_read(f, 2, EXMAP_OP_READ, 1000, 4), 4 * EXMAP_PAGE_SIZE);
	expect_there(f, 500, 20, -1);
	/* Live shadows stay, and without ended ones there is nothing to try again for. */
	assert_int_equal(show_one(f, 1, 0, 20, 500), 0);
	f->fill_error = -ENOMEM;
	assert_int_equal(fake_read(f, 2, EXMAP_OP_READ, 1100, 4), -ENOMEM);
	f->map_limit = 1;
	assert_int_equal(fake_one(f, 2, ALLOC, 1200, 2), -ENOMEM);
	assert_int_equal(fake_shown(f, 519), 19);
	f->map_limit = UINT64_MAX;
	fake_free(f);
}

/* The call itself owns a page in a range that is given back: it must not wait for that. */
static void own_pages_are_in_the_way(void **state)
{
	struct fake *f = start(1);

	(void)state;
	assert_int_equal(show_one(f, 0, 0, 20, 500), 0);
	assert_int_equal(fake_rm_sd(f, 0), 0);
	f->hook = have_memory;
	/* Between the shadow that is taken the place of, and the page that cannot be mapped. */
	assert_int_equal(fake_one(f, 0, FREE, 510, 1), 0);
	f->map_limit = 0;
	assert_int_equal(fake_one(f, 0, ALLOC, 510, 1), 1);
	expect_there(f, 500, 20, -1);
	fake_free(f);
}

/* An interface in a call is passed over: its owner may be waiting for this call. */
static void locked_interfaces_are_passed_over(void **state)
{
	struct fake *f = start(3);

	(void)state;
	for (u32 id = 0; id < 2; id++) {
		assert_int_equal(show_one(f, id, 0, 10, 500 + 100 * id), 0);
		assert_int_equal(fake_rm_sd(f, id), 0);
	}
	exmap_lock(&f->ifc[0].lock);
	f->map_limit = 1;
	assert_int_equal(fake_one(f, 2, ALLOC, 1000, 2), -ENOMEM);
	exmap_unlock(&f->ifc[0].lock);
	expect_there(f, 500, 10, 0);
	expect_there(f, 600, 10, -1);
	f->map_limit = UINT64_MAX;
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_targets_need_no_new_pages),
		cmocka_unit_test(own_shadow_is_replaced_in_place),
		cmocka_unit_test(ended_shadows_give_way),
		cmocka_unit_test(bound_holds),
		cmocka_unit_test(ranges_that_overlap_count_twice),
		cmocka_unit_test(number_of_ranges_is_bounded),
		cmocka_unit_test(memory_is_given_back),
		cmocka_unit_test(own_pages_are_in_the_way),
		cmocka_unit_test(locked_interfaces_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
