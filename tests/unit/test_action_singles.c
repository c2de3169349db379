// SPDX-License-Identifier: MIT
/*
 * test_action_singles.c - vectors of one page each whose pages are neighbours
 *
 * core/ claims them as one group, and writes a result for each.
 */

#include "unit.h"

#include <sys/mman.h>

#include "fake.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE

/* Vector i asks for page @first + i. */
static int do_singles(struct fake *f, unsigned int opcode, u64 first, u32 n)
{
	for (u32 i = 0; i < n; i++)
		fake_ask(f, 0, i, first + i, 1);
	return fake_do(f, 0, opcode, n);
}

static void expect_all(const struct fake *f, u32 from, u32 to, int res, int pages)
{
	for (u32 i = from; i < to; i++)
		fake_expect(f, 0, i, res, pages);
}

static void across_a_block_border(void **state)
{
	struct fake *f = fake_new(2000, 600, 1);

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(do_singles(f, round ? FREE : ALLOC, 500, 24), 0);
		expect_all(f, 0, 24, 0, 1);
		assert_int_equal(f->calls[round ? FAKE_UNMAP : FAKE_MAP], 1);
		fake_check(f);
	}
	/* All vectors of an interface, from the last page of a block on. */
	for (int round = 0; round < 2; round++) {
		assert_int_equal(do_singles(f, round ? FREE : ALLOC, 1023, 512), 0);
		expect_all(f, 0, 512, 0, 1);
	}
	fake_free(f);
}

/* FREE of pages in blocks that were never touched: the first block, the second, both. */
static void in_blocks_that_were_never_touched_4_9(void **state)
{
	struct fake *f = fake_new(2000, 100, 1);

	(void)state;
	assert_int_equal(do_singles(f, FREE, 500, 24), 0);
	expect_all(f, 0, 24, 0, 0);
	assert_int_equal(fake_one(f, 0, ALLOC, 505, 3), 3);
	assert_int_equal(do_singles(f, FREE, 500, 24), 0);
	expect_all(f, 0, 5, 0, 0);
	expect_all(f, 5, 8, 0, 1);
	expect_all(f, 8, 24, 0, 0);
	assert_int_equal(fake_one(f, 0, ALLOC, 1024, 3), 3);
	assert_int_equal(do_singles(f, FREE, 1020, 10), 0);
	expect_all(f, 0, 4, 0, 0);
	expect_all(f, 4, 7, 0, 1);
	expect_all(f, 7, 10, 0, 0);
	fake_free(f);
}

static void out_of_frames_in_the_middle_4_6(void **state)
{
	(void)state;
	for (u32 limit = 0; limit < 2; limit++) {
		struct fake *f = fake_new(2000, limit ? 50 : 10, 1);

		if (limit)
			f->map_limit = 10;
		assert_int_equal(do_singles(f, ALLOC, 507, 20), 10);
		expect_all(f, 0, 10, 0, 1);
		expect_all(f, 10, 20, -ENOMEM, 0);
		assert_int_equal(fake_present(f), 10);
		fake_check(f);
		f->map_limit = UINT64_MAX;
		assert_int_equal(do_singles(f, FREE, 507, 20), 0);
		expect_all(f, 0, 10, 0, 1);
		expect_all(f, 10, 20, 0, 0);
		fake_free(f);
	}
}

/* No frame is left: the first vector fails, and so do all later ones, in later groups too. */
static void no_frames_at_all_4_6(void **state)
{
	struct fake *f = fake_new(2000, 5, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 100, 5), 5);
	for (u32 i = 0; i < 20; i++)
		fake_ask(f, 0, i, (i < 10 ? 0 : 200) + i, 1);
	assert_int_equal(fake_do(f, 0, ALLOC, 20), 20);
	expect_all(f, 0, 20, -ENOMEM, 0);
	fake_free(f);
}

static void some_are_mapped_already_4_4(void **state)
{
	struct fake *f = fake_new(2000, 16, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 510, 4), 4);
	assert_int_equal(do_singles(f, ALLOC, 505, 15), 0);
	expect_all(f, 0, 5, 0, 1);
	expect_all(f, 5, 9, 0, 0);
	expect_all(f, 9, 15, 0, 1);
	fake_check(f);
	/* One frame is left. Mapped pages need none; the second unmapped page gets none. */
	assert_int_equal(do_singles(f, ALLOC, 515, 10), 4);
	expect_all(f, 0, 5, 0, 0);
	expect_all(f, 5, 6, 0, 1);
	expect_all(f, 6, 10, -ENOMEM, 0);
	fake_check(f);
	/* The first page is mapped: the group begins with one that is skipped. */
	assert_int_equal(do_singles(f, FREE, 519, 5), 0);
	expect_all(f, 0, 2, 0, 1);
	expect_all(f, 2, 5, 0, 0);
	fake_free(f);
}

static void one_is_kept_4_11(void **state)
{
	struct fake *f = fake_new(2000, 50, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 500, 20), 20);
	f->pinned[507] = 1;
	f->pinned[512] = 1;
	assert_int_equal(do_singles(f, FREE, 500, 20), 0);
	for (u32 i = 0; i < 20; i++)
		fake_expect(f, 0, i, 0, i != 7 && i != 12);
	assert_int_equal(fake_present(f), 2);
	fake_check(f);
	f->pinned[507] = f->pinned[512] = 0;
	assert_int_equal(do_singles(f, FREE, 500, 20), 0);
	for (u32 i = 0; i < 20; i++)
		fake_expect(f, 0, i, 0, i == 7 || i == 12);
	fake_free(f);
}

static void across_the_end_of_the_surface_4_5(void **state)
{
	struct fake *f = fake_new(1024, 50, 1);

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(do_singles(f, round ? FREE : ALLOC, 1019, 10), 5);
		expect_all(f, 0, 5, 0, 1);
		expect_all(f, 5, 10, -EFAULT, 0);
		fake_check(f);
	}
	/* A page number that is too large must not spill into the vector's length. */
	assert_int_equal(do_singles(f, ALLOC, (1ULL << 52) - 3, 3), 3);
	expect_all(f, 0, 3, -EFAULT, 0);
	fake_ask(f, 0, 0, (1ULL << 52) - 1, 1);
	fake_ask(f, 0, 1, 0, 2);
	assert_int_equal(fake_do(f, 0, ALLOC, 2), 1);
	fake_expect(f, 0, 0, -EFAULT, 0);
	fake_expect(f, 0, 1, 0, 2);
	fake_free(f);
}

/* Groups, lone pages, longer vectors and overlaps in one call. */
static void mixed_with_others(void **state)
{
	struct fake *f = fake_new(2000, 100, 1);

	(void)state;
	for (int round = 0; round < 2; round++) {
		fake_ask(f, 0, 0, 10, 1);
		fake_ask(f, 0, 1, 11, 1);
		fake_ask(f, 0, 2, 12, 2);
		fake_ask(f, 0, 3, 14, 1);
		fake_ask(f, 0, 4, 15, 1);
		fake_ask(f, 0, 5, 15, 1);
		fake_ask(f, 0, 6, 16, 1);
		fake_ask(f, 0, 7, 600, 1);
		fake_ask(f, 0, 8, 9, 1);
		fake_ask(f, 0, 9, 10, 1);
		fake_ask(f, 0, 10, 11, 0);
		assert_int_equal(fake_do(f, 0, round ? FREE : ALLOC, 11), 0);
		expect_all(f, 0, 2, 0, 1);
		fake_expect(f, 0, 2, 0, 2);
		expect_all(f, 3, 5, 0, 1);
		fake_expect(f, 0, 5, 0, 0);
		expect_all(f, 6, 9, 0, 1);
		expect_all(f, 9, 11, 0, 0);
		fake_check(f);
	}
	fake_free(f);
}

/* No memory for the second block's words: the vectors before it are carried out [4.6, 4.7]. */
static void no_memory_for_the_second_block_4_6(void **state)
{
	struct fake *f = fake_new(2000, 100, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 511, 1), 1);
	f->no_table = EXMAP_BLOCK_PAGES;
	assert_int_equal(do_singles(f, ALLOC, 508, 10), 6);
	expect_all(f, 0, 3, 0, 1);
	fake_expect(f, 0, 3, 0, 0);
	expect_all(f, 4, 10, -ENOMEM, 0);
	fake_free(f);
}

/* Wherever it is in the group, its page is done, and not the one that would be its place. */
static void one_asks_for_another_page(void **state)
{
	(void)state;
	for (u32 odd = 0; odd < 20; odd++) {
		struct fake *f = fake_new(2000, 50, 1);

		for (int round = 0; round < 2; round++) {
			for (u32 i = 0; i < 20; i++)
				fake_ask(f, 0, i, i == odd ? 1000 : 10 + i, 1);
			assert_int_equal(fake_do(f, 0, round ? FREE : ALLOC, 20), 0);
			expect_all(f, 0, 20, 0, 1);
			assert_int_equal(fake_present(f), round ? 0 : 20);
			assert_int_equal(fake_frame(f, 10 + odd), -1);
			assert_int_equal(fake_frame(f, 1000) < 0, round);
		}
		fake_free(f);
	}
}

/* What is behind them is not readable: one more look is a SIGSEGV. */
static void vectors_at_the_end_of_their_page(void **state)
{
	static const u32 counts[] = { 1, 2, 3, 4, 5, 6, 7, 511, 512 };
	struct fake *f = fake_new(2000, 600, 1);
	char *page = mmap(NULL, 2 * EXMAP_PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct exmap_iov *end = (void *)(page + EXMAP_PAGE_SIZE);

	(void)state;
	assert_ptr_not_equal(page, MAP_FAILED);
	assert_int_equal(mprotect(end, EXMAP_PAGE_SIZE, PROT_NONE), 0);
	for (u32 i = 0; i < 2 * sizeof(counts) / sizeof(counts[0]); i++) {
		u32 n = counts[i / 2];
		struct exmap_iov *iov = end - n;

		f->ifc[0].user = (void *)iov;
		for (int round = 0; round < 2; round++) {
			for (u32 j = 0; j < n; j++) {
				struct exmap_iov one = { .page = j * (1 + i % 2), .len = 1 };

				iov[j].value = one.value;
			}
			assert_int_equal(fake_locked_do(f, 0, round ? FREE : ALLOC, n), 0);
			for (u32 j = 0; j < n; j++)
				assert_int_equal(iov[j].value, exmap_result(0, 1));
		}
	}
	munmap(page, 2 * EXMAP_PAGE_SIZE);
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(across_a_block_border),
		cmocka_unit_test(in_blocks_that_were_never_touched_4_9),
		cmocka_unit_test(out_of_frames_in_the_middle_4_6),
		cmocka_unit_test(no_frames_at_all_4_6),
		cmocka_unit_test(some_are_mapped_already_4_4),
		cmocka_unit_test(one_is_kept_4_11),
		cmocka_unit_test(across_the_end_of_the_surface_4_5),
		cmocka_unit_test(mixed_with_others),
		cmocka_unit_test(no_memory_for_the_second_block_4_6),
		cmocka_unit_test(one_asks_for_another_page),
		cmocka_unit_test(vectors_at_the_end_of_their_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
