// SPDX-License-Identifier: MIT
/* test_table.c - the page table: claiming runs of pages, and finding those that are PRESENT */

#include "unit.h"

#include <stdlib.h>

#include "core/surface.h"

#define BLOCK EXMAP_BLOCK_PAGES
/* So that the last block has fewer pages, and the last word of @touched fewer blocks. */
#define PAGES (70 * BLOCK + 100)
#define THREADS 4

static struct exmap_surface surface;

static int setup(void **state)
{
	(void)state;
	surface = (struct exmap_surface){
		.table = unit_alloc(PAGES * sizeof(u64)),
		.blocks = unit_alloc(EXMAP_BLOCK_LOCKS * sizeof(struct exmap_block)),
		.touched = unit_alloc((PAGES / BLOCK / 64 + 1) * sizeof(u64)),
		.nr_pages = PAGES,
		.present_bits = EXMAP_WORD_PRESENT,
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(surface.table);
	free(surface.blocks);
	free(surface.touched);
	return 0;
}

static void touch(u64 page)
{
	surface.touched[page / BLOCK / 64] |= 1ull << page / BLOCK % 64;
}

/* Marks blocks as touched, as the prepare op does before EMPTY pages are claimed. */
static void prepare(u64 page, u64 len)
{
	for (u64 i = page; i < page + len; i++)
		touch(i);
}

static u64 present_word(u64 frame)
{
	return surface.present_bits | frame << EXMAP_WORD_FRAME_SHIFT;
}

/* Makes pages PRESENT; page i gets frame i + 1000. */
static void put(u64 page, u64 len)
{
	prepare(page, len);
	for (u64 i = page; i < page + len; i++)
		surface.table[i] = present_word(i + 1000);
}

static void expect_claim(bool present, u64 *pos, u64 end, enum exmap_claim what, u64 page, u32 len)
{
	struct exmap_run run = { 0 };

	assert_int_equal(exmap_claim_run(&surface, present, pos, end, &run), what);
	if (what == EXMAP_CLAIM_RUN) {
		assert_int_equal(run.page, page);
		assert_int_equal(run.len, len);
		assert_ptr_equal(run.word, &surface.table[page]);
		for (u64 i = page; i < page + len; i++)
			assert_int_equal(surface.table[i],
					 present ? exmap_busy_word(i + 1000) : EXMAP_WORD_BUSY);
	}
	assert_int_equal(*pos, page + len);
}

static void empty_pages_are_one_run_over_block_edges(void **state)
{
	u64 pos = BLOCK - 3;

	(void)state;
	prepare(pos, BLOCK + 8);
	expect_claim(false, &pos, 2 * BLOCK + 5, EXMAP_CLAIM_RUN, BLOCK - 3, BLOCK + 8);
	expect_claim(false, &pos, 2 * BLOCK + 5, EXMAP_CLAIM_END, 2 * BLOCK + 5, 0);
	assert_int_equal(surface.table[BLOCK - 4], 0);
	assert_int_equal(surface.table[2 * BLOCK + 5], 0);
}

static void claim_of_empty_skips_present(void **state)
{
	u64 pos = 0;

	(void)state;
	put(0, 2);
	put(5, 1);
	expect_claim(false, &pos, 8, EXMAP_CLAIM_RUN, 2, 3);
	expect_claim(false, &pos, 8, EXMAP_CLAIM_RUN, 6, 2);
	expect_claim(false, &pos, 8, EXMAP_CLAIM_END, 8, 0);
	assert_int_equal(surface.table[0], present_word(1000));
	assert_int_equal(surface.table[5], present_word(1005));
}

static void claim_of_present_skips_empty_and_keeps_frames(void **state)
{
	u64 pos = 0;

	(void)state;
	put(3, 2);
	put(6, 1);
	put(8, 1);
	expect_claim(true, &pos, 8, EXMAP_CLAIM_RUN, 3, 2);
	expect_claim(true, &pos, 8, EXMAP_CLAIM_RUN, 6, 1);
	expect_claim(true, &pos, 8, EXMAP_CLAIM_END, 8, 0);
	assert_int_equal(surface.table[8], present_word(1008));
	assert_int_equal(surface.table[7], 0);
}

static void claim_stops_at_busy_and_stays_there(void **state)
{
	u64 pos = 0;

	(void)state;
	prepare(0, 8);
	surface.table[3] = EXMAP_WORD_BUSY;
	expect_claim(false, &pos, 8, EXMAP_CLAIM_RUN, 0, 3);
	expect_claim(false, &pos, 8, EXMAP_CLAIM_BUSY, 3, 0);
	expect_claim(false, &pos, 8, EXMAP_CLAIM_BUSY, 3, 0);
	expect_claim(true, &pos, 8, EXMAP_CLAIM_BUSY, 3, 0);
	surface.table[3] = 0;
	expect_claim(false, &pos, 8, EXMAP_CLAIM_RUN, 3, 5);
}

static void claim_skips_to_busy_behind_others(void **state)
{
	u64 pos = 0;

	(void)state;
	put(0, 4);
	surface.table[4] = exmap_busy_word(7);
	expect_claim(false, &pos, 8, EXMAP_CLAIM_BUSY, 4, 0);
	assert_int_equal(surface.table[4], exmap_busy_word(7));
}

static void claim_of_present_reads_no_word_of_untouched_blocks(void **state)
{
	u64 pos = 3;

	(void)state;
	put(BLOCK - 2, 1);
	put(5 * BLOCK + 1, 2);
	/* This block is not touched, so its words must not be looked at. */
	surface.table[2 * BLOCK + 7] = present_word(1);
	expect_claim(true, &pos, PAGES, EXMAP_CLAIM_RUN, BLOCK - 2, 1);
	expect_claim(true, &pos, PAGES, EXMAP_CLAIM_RUN, 5 * BLOCK + 1, 2);
	expect_claim(true, &pos, PAGES, EXMAP_CLAIM_END, PAGES, 0);
}

/* A run up to the very end of a block ends there, if nobody was ever in the next. */
static void claim_of_present_ends_at_an_untouched_block(void **state)
{
	u64 pos = 0;

	(void)state;
	put(BLOCK - 2, 2);
	put(3 * BLOCK, 2);
	expect_claim(true, &pos, PAGES, EXMAP_CLAIM_RUN, BLOCK - 2, 2);
	expect_claim(true, &pos, PAGES, EXMAP_CLAIM_RUN, 3 * BLOCK, 2);
	expect_claim(true, &pos, PAGES, EXMAP_CLAIM_END, PAGES, 0);
}

static void nothing_to_claim(void **state)
{
	u64 pos = 5;

	(void)state;
	expect_claim(false, &pos, 5, EXMAP_CLAIM_END, 5, 0);
	expect_claim(true, &pos, 5, EXMAP_CLAIM_END, 5, 0);
	pos = PAGES;
	expect_claim(false, &pos, PAGES, EXMAP_CLAIM_END, PAGES, 0);
}

/* A word can hold the highest frame number, when PRESENT and when BUSY. */
static void words_hold_every_frame(void **state)
{
	u64 frame = (1ull << 40) - 1;

	(void)state;
	surface.present_bits = ~EXMAP_WORD_FRAME_MASK & ~(EXMAP_WORD_BUSY | EXMAP_WORD_FRAME);
	assert_int_equal(exmap_word_frame(exmap_busy_word(frame)), frame);
	assert_int_equal(exmap_word_frame(present_word(frame)), frame);
	assert_int_equal(exmap_word_frame(present_word(0)), 0);
}

static void range_check_does_not_wrap_4_5(void **state)
{
	(void)state;
	assert_true(exmap_in_surface(&surface, 0, PAGES));
	assert_true(exmap_in_surface(&surface, PAGES, 0));
	assert_false(exmap_in_surface(&surface, 0, PAGES + 1));
	assert_false(exmap_in_surface(&surface, 1, PAGES));
	assert_false(exmap_in_surface(&surface, PAGES, 1));
	assert_false(exmap_in_surface(&surface, PAGES + 1, 0));
	assert_false(exmap_in_surface(&surface, (1ull << 52) - 1, 4095));
	assert_false(exmap_in_surface(&surface, UINT64_MAX, 1));
	assert_false(exmap_in_surface(&surface, 1, UINT64_MAX));
}

static void expect_next(u64 *pos, u64 page, u32 len)
{
	struct exmap_run run = { 0 };

	assert_true(exmap_next_present(&surface, pos, surface.nr_pages, &run));
	assert_int_equal(run.page, page);
	assert_int_equal(run.len, len);
	assert_int_equal(*pos, page + len);
}

static void expect_no_more(u64 pos)
{
	struct exmap_run run = { 0 };

	assert_false(exmap_next_present(&surface, &pos, surface.nr_pages, &run));
	assert_int_equal(pos, PAGES);
}

static void walk_of_nothing(void **state)
{
	(void)state;
	expect_no_more(0);
	expect_no_more(BLOCK + 7);
	expect_no_more(PAGES);
	touch(0);
	touch(PAGES - 1);
	expect_no_more(0);
}

static void walk_finds_runs_over_block_edges(void **state)
{
	u64 pos = 0;

	(void)state;
	put(BLOCK - 2, BLOCK + 4);
	put(3 * BLOCK, BLOCK);
	put(PAGES - 1, 1);
	expect_next(&pos, BLOCK - 2, BLOCK + 4);
	expect_next(&pos, 3 * BLOCK, BLOCK);
	expect_next(&pos, PAGES - 1, 1);
	expect_no_more(pos);
	/* From the middle of a run, the rest of the run is found. */
	pos = BLOCK + 1;
	expect_next(&pos, BLOCK + 1, BLOCK + 1);
}

static void walk_of_sparse_pages_misses_none(void **state)
{
	static const u64 pages[] = { 0,		 BLOCK - 1,	 63 * BLOCK - 1, 63 * BLOCK + 1,
				     64 * BLOCK, 64 * BLOCK + 2, 69 * BLOCK,	 70 * BLOCK + 99 };
	u64 pos = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		put(pages[i], 1);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		expect_next(&pos, pages[i], 1);
	expect_no_more(pos);
}

static void walk_passes_over_busy(void **state)
{
	u64 pos = 0;

	(void)state;
	put(10, 5);
	surface.table[12] = exmap_busy_word(1);
	expect_next(&pos, 10, 2);
	expect_next(&pos, 13, 2);
	expect_no_more(pos);
}

static void walk_of_a_full_table(void **state)
{
	u64 pos = 0;

	(void)state;
	put(0, PAGES);
	expect_next(&pos, 0, PAGES);
	expect_no_more(pos);
}

struct claiming {
	u32 total;
};

static void claim_everything(void *ctx, unsigned int index)
{
	struct claiming *c = ctx;
	struct exmap_run run;
	u64 pos = index;
	u32 mine = 0;

	while (pos < PAGES) {
		switch (exmap_claim_run(&surface, false, &pos, pos + 7 < PAGES ? pos + 7 : PAGES,
					&run)) {
		case EXMAP_CLAIM_RUN:
			mine += run.len;
			break;
		case EXMAP_CLAIM_BUSY:
			/* In this test no thread gives up a page: this one stays another's. */
			pos++;
			break;
		case EXMAP_CLAIM_END:
			break;
		}
	}
	__atomic_add_fetch(&c->total, mine, __ATOMIC_RELAXED);
}

static void each_page_is_claimed_by_one_4_10(void **state)
{
	struct claiming c = { 0 };
	u64 pos = 0;
	struct exmap_run run;

	(void)state;
	prepare(0, PAGES);
	unit_run_threads(THREADS, claim_everything, &c);
	assert_int_equal(c.total, PAGES);
	assert_int_equal(exmap_claim_run(&surface, false, &pos, PAGES, &run), EXMAP_CLAIM_BUSY);
	for (u64 i = 0; i < PAGES; i++)
		assert_int_equal(surface.table[i], EXMAP_WORD_BUSY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_pages_are_one_run_over_block_edges),
		TEST(claim_of_empty_skips_present),
		TEST(claim_of_present_skips_empty_and_keeps_frames),
		TEST(claim_stops_at_busy_and_stays_there),
		TEST(claim_skips_to_busy_behind_others),
		TEST(claim_of_present_reads_no_word_of_untouched_blocks),
		TEST(claim_of_present_ends_at_an_untouched_block),
		TEST(nothing_to_claim),
		TEST(words_hold_every_frame),
		TEST(range_check_does_not_wrap_4_5),
		TEST(walk_of_nothing),
		TEST(walk_finds_runs_over_block_edges),
		TEST(walk_of_sparse_pages_misses_none),
		TEST(walk_passes_over_busy),
		TEST(walk_of_a_full_table),
		TEST(each_page_is_claimed_by_one_4_10),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
