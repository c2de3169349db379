// SPDX-License-Identifier: MIT
/* alloc_free.c - clauses 4.4 to 4.9: what ALLOC and FREE do with pages and frames */

#include "harness.h"

static void alloc_counts_new_pages(void)
{
	struct ex ex;

	ex_start(&ex, 8192, 1, 5000, -1);
	CHECK_EQ(ALLOC(&ex, 0, 10, 1), 1);
	*ex_at(&ex, 10) = 42;
	CHECK_EQ(ALLOC(&ex, 0, 10, 1), 0);
	CHECK_EQ(ALLOC(&ex, 0, 8, 5), 4);
	CHECK_EQ(*ex_at(&ex, 10), 42);
	CHECK_EQ(ALLOC(&ex, 0, 508, 8), 8);
	CHECK_EQ(ALLOC(&ex, 0, 600, 1000), 1000);
	CHECK_EQ(ALLOC(&ex, 0, 0, 4095), 4095 - 1000 - 8 - 5);
	for (int i = 0; i < 4095; i++)
		ex_at(&ex, i)[4095] = i;
	for (int i = 0; i < 4095; i++)
		CHECK_EQ(ex_at(&ex, i)[4095], (char)i);
	CHECK_EQ(ex_mapped(&ex), 4095);
}

static void reallocation_loses_no_frame(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 16, -1);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(ALLOC(&ex, 0, 0, 10), i ? 0 : 10);
	CHECK_EQ(ALLOC(&ex, 0, 10, 6), 6);
	CHECK_EQ(ALLOC(&ex, 0, 16, 1), -ENOMEM);
}

static void alloc_of_mapped_pages_needs_no_frame(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 4, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 4), 4);
	CHECK_EQ(ALLOC(&ex, 0, 0, 4), 0);
}

static void length_0_does_nothing(void)
{
	struct ex ex;

	NOT_IN_LEANSTORE("8.11");
	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 5, 0), 0);
	CHECK_EQ(ALLOC(&ex, 0, 64, 0), 0);
	CHECK_EQ(FREE(&ex, 0, 5, 0), 0);
	CHECK_EQ(ALLOC(&ex, 0, 65, 0), -EFAULT);
	CHECK_EQ(ex_mapped(&ex), 0);
}

static void vectors_are_done_in_order(void)
{
	const int want[] = { 2, 1, 0, 0 };
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	for (int opcode = EXMAP_OP_ALLOC; opcode <= EXMAP_OP_FREE; opcode++) {
		ex_vector(&ex, 0, 0, 30, 2);
		ex_vector(&ex, 0, 1, 31, 2);
		ex_vector(&ex, 0, 2, 30, 3);
		ex_vector(&ex, 0, 3, 32, 1);
		CHECK_EQ(ex_action(&ex, 0, opcode, 4), 0);
		for (int i = 0; i < 4; i++)
			CHECK_EQ(ex.user[0]->iov[i].pages, want[i]);
	}
}

static void outside_is_efault_and_maps_nothing(void)
{
	const uint64_t pages[] = { 64, 1UL << 40, (1UL << 52) - 1, (1UL << 51) };
	struct ex ex;

	ex_start(&ex, 64, 1, 32, -1);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		CHECK_EQ(ALLOC(&ex, 0, pages[i], 1), -EFAULT);
		CHECK_EQ(ex.user[0]->iov[0].pages, 0);
		CHECK_EQ(FREE(&ex, 0, pages[i], 1), -EFAULT);
	}
	CHECK_EQ(ALLOC(&ex, 0, 60, 5), -EFAULT);
	CHECK_EQ(ALLOC(&ex, 0, 0, 4095), -EFAULT);
	CHECK_EQ(ex_mapped(&ex), 0);
	CHECK(faults(ex_at(&ex, 60), false, NULL));
	CHECK_EQ(ALLOC(&ex, 0, 60, 4), 4);
	CHECK_EQ(FREE(&ex, 0, 60, 5), -EFAULT);
	CHECK_EQ(ex_mapped(&ex), 4);
}

static void every_bit_of_a_page_number_counts(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 3, 1), 1);
	for (int bit = 6; bit < 52; bit++) {
		CHECK_EQ(ALLOC(&ex, 0, 4 | 1UL << bit, 1), -EFAULT);
		CHECK_EQ(FREE(&ex, 0, 3 | 1UL << bit, 1), -EFAULT);
	}
	/* If page + len wrapped at 2^52, these ranges would end inside the surface. */
	CHECK_EQ(ALLOC(&ex, 0, (1UL << 52) - 4090, 4095), -EFAULT);
	CHECK_EQ(FREE(&ex, 0, (1UL << 52) - 4090, 4095), -EFAULT);
	CHECK_EQ(ex_mapped(&ex), 1);
}

static void bad_vectors_leave_the_others(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	for (int opcode = EXMAP_OP_ALLOC; opcode <= EXMAP_OP_FREE; opcode++) {
		for (int i = 0; i < 16; i++)
			ex_vector(&ex, 0, i, i % 2 ? 64 - i : i / 2, i % 2 ? i + 1 : 1);
		CHECK_EQ(ex_action(&ex, 0, opcode, 16), 8);
		for (int i = 0; i < 16; i++) {
			CHECK_EQ(ex.user[0]->iov[i].res, i % 2 ? -EFAULT : 0);
			CHECK_EQ(ex.user[0]->iov[i].pages, !(i % 2));
		}
		CHECK_EQ(ex_mapped(&ex), opcode == EXMAP_OP_ALLOC ? 8 : 0);
	}
}

static void exhaustion_marks_this_and_later_vectors(void)
{
	struct ex ex;

	NOT_IN_LEANSTORE("8.11");
	ex_start(&ex, 1024, 1, 10, -1);
	ex_vector(&ex, 0, 0, 0, 4);
	ex_vector(&ex, 0, 1, 2000, 1);
	ex_vector(&ex, 0, 2, 100, 16);
	ex_vector(&ex, 0, 3, 200, 1);
	ex_vector(&ex, 0, 4, 0, 1);
	ex_vector(&ex, 0, 5, 5000, 1);
	ex_vector(&ex, 0, 6, 0, 0);
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 7), 6);
	CHECK_EQ(ex.user[0]->iov[0].res, 0);
	CHECK_EQ(ex.user[0]->iov[0].pages, 4);
	CHECK_EQ(ex.user[0]->iov[1].res, -EFAULT);
	CHECK_EQ(ex.user[0]->iov[2].res, -ENOMEM);
	CHECK_EQ(ex.user[0]->iov[2].pages, 6);
	for (int i = 3; i < 7; i++) {
		CHECK_EQ(ex.user[0]->iov[i].res, -ENOMEM);
		CHECK_EQ(ex.user[0]->iov[i].pages, 0);
	}
	*ex_at(&ex, 105) = 1;
	CHECK(faults(ex_at(&ex, 106), false, NULL));
	CHECK(faults(ex_at(&ex, 200), false, NULL));
	CHECK_EQ(ex_mapped(&ex), 10);
}

static void works_again_after_a_free(void)
{
	struct ex ex;

	NOT_IN_LEANSTORE("8.11");
	ex_start(&ex, 4096, 1, 700, -1);
	for (int i = 0; i < 50; i++) {
		CHECK_EQ(ALLOC(&ex, 0, 0, 1000), -ENOMEM);
		CHECK_EQ(ex.user[0]->iov[0].pages, 700);
		CHECK_EQ(FREE(&ex, 0, 100, 50), 50);
		CHECK_EQ(ALLOC(&ex, 0, 3000, 50), 50);
		CHECK_EQ(FREE(&ex, 0, 0, 4095), 700);
	}
}

static void exhausted_run_counts_new_pages_only(void)
{
	int there = 0;
	struct ex ex;

	NOT_IN_LEANSTORE("8.11");
	ex_start(&ex, 64, 1, 8, -1);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(ALLOC(&ex, 0, 10 + 3 * i, 1), 1);
	CHECK_EQ(ALLOC(&ex, 0, 8, 20), -ENOMEM);
	CHECK_EQ(ex.user[0]->iov[0].pages, 3);
	for (int i = 0; i < 64; i++)
		there += !faults(ex_at(&ex, i), true, NULL);
	CHECK_EQ(there, 8);
	/* With no frame left, calls that need none still work. */
	CHECK_EQ(ALLOC(&ex, 0, 13, 1), 0);
	CHECK_EQ(ALLOC(&ex, 0, 40, 0), 0);
	CHECK_EQ(FREE(&ex, 0, 8, 20), 8);
	CHECK_EQ(ALLOC(&ex, 0, 56, 8), 8);
}

static void exact_fit_is_no_exhaustion(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	ex_vector(&ex, 0, 0, 0, 3);
	ex_vector(&ex, 0, 1, 10, 5);
	ex_vector(&ex, 0, 2, 10, 5);
	ex_vector(&ex, 0, 3, 70, 1);
	CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 4), 1);
	CHECK_EQ(ex.user[0]->iov[1].pages, 5);
	CHECK_EQ(ex.user[0]->iov[2].res, 0);
	CHECK_EQ(ex.user[0]->iov[2].pages, 0);
	CHECK_EQ(ex.user[0]->iov[3].res, -EFAULT);
}

static void frames_are_found_in_every_list(void)
{
	struct ex ex;

	/* Eight interfaces hold all frames in their lists, and the ninth gets every one. */
	ex_start(&ex, 4096, 9, 2000, -1);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 8; i++)
			CHECK_EQ(ALLOC(&ex, i, 250 * i, 250), 250);
		for (int i = 0; i < 8; i++)
			CHECK_EQ(FREE(&ex, i, 250 * i, 250), 250);
		CHECK_EQ(ALLOC(&ex, 8, 0, 2000), 2000);
		CHECK_EQ(ALLOC(&ex, 0, 3000, 1), -ENOMEM);
		CHECK_EQ(FREE(&ex, round, 0, 2000), 2000);
	}
}

static void one_frame_wanders_through_all_interfaces(void)
{
	struct ex ex;

	ex_start(&ex, 2048, 64, 1030, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 1029), 1029);
	for (int i = 0; i < 1000; i++) {
		int to = i * 37 % 64;

		CHECK_EQ(ALLOC(&ex, to, 2000, 1), 1);
		CHECK_EQ(ALLOC(&ex, to, 2001, 1), -ENOMEM);
		CHECK_EQ(FREE(&ex, (to + 1 + i / 64) % 64, 2000, 1), 1);
	}
}

static void first_use_is_zero(void)
{
	struct ex ex;

	ex_start(&ex, 2048, 4, 2000, -1);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(ALLOC(&ex, i, 500 * i, 500), 500);
	for (size_t i = 0; i < 2000 * PAGE; i++)
		CHECK_EQ(ex.base[i], 0);
}

static void free_counts_mapped_pages(void)
{
	struct ex ex;

	ex_start(&ex, 8192, 1, 4000, -1);
	CHECK_EQ(FREE(&ex, 0, 5, 1), 0);
	CHECK_EQ(ALLOC(&ex, 0, 600, 1), 1);
	CHECK_EQ(FREE(&ex, 0, 256, 1024), 1);
	CHECK(faults(ex_at(&ex, 600), false, NULL));
	for (int i = 0; i < 100; i += 2)
		CHECK_EQ(ALLOC(&ex, 0, i, 1), 1);
	CHECK_EQ(FREE(&ex, 0, 0, 100), 50);
	CHECK_EQ(FREE(&ex, 0, 0, 100), 0);
	CHECK_EQ(ALLOC(&ex, 0, 0, 4000), 4000);
	CHECK_EQ(FREE(&ex, 0, 0, 4000), 4000);
	CHECK_EQ(ex_mapped(&ex), 0);
}

static void any_interface_frees(void)
{
	struct ex ex;

	ex_start(&ex, 64, 2, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	CHECK_EQ(FREE(&ex, 1, 0, 8), 8);
	CHECK_EQ(ALLOC(&ex, 1, 8, 8), 8);
	CHECK_EQ(FREE(&ex, 0, 8, 8), 8);
}

/* One range with more mapped runs (2048) than a call has vectors (512). */
static void free_of_a_comb(void)
{
	struct ex ex;

	ex_start(&ex, 8192, 1, 4096, -1);
	for (int start = 0; start < 4096; start += 1024) {
		for (int i = 0; i < 512; i++)
			ex_vector(&ex, 0, i, start + 2 * i, 1);
		CHECK_EQ(ex_action(&ex, 0, EXMAP_OP_ALLOC, 512), 0);
	}
	CHECK_EQ(FREE(&ex, 0, 0, 4095), 2048);
	CHECK_EQ(ex_mapped(&ex), 0);
	CHECK_EQ(ALLOC(&ex, 0, 0, 4095), 4095);
}

const struct test alloc_free_tests[] = {
	{ "4.4", "alloc_counts_new_pages", alloc_counts_new_pages },
	{ "4.4", "reallocation_loses_no_frame", reallocation_loses_no_frame },
	{ "4.4", "alloc_of_mapped_pages_needs_no_frame", alloc_of_mapped_pages_needs_no_frame },
	{ "4.4", "length_0_does_nothing", length_0_does_nothing },
	{ "4.4", "vectors_are_done_in_order", vectors_are_done_in_order },
	{ "4.5", "outside_is_efault_and_maps_nothing", outside_is_efault_and_maps_nothing },
	{ "4.5", "every_bit_of_a_page_number_counts", every_bit_of_a_page_number_counts },
	{ "4.5", "bad_vectors_leave_the_others", bad_vectors_leave_the_others },
	{ "4.6", "exhaustion_marks_this_and_later_vectors",
	  exhaustion_marks_this_and_later_vectors },
	{ "4.6", "works_again_after_a_free", works_again_after_a_free },
	{ "4.6", "exhausted_run_counts_new_pages_only", exhausted_run_counts_new_pages_only },
	{ "4.6", "exact_fit_is_no_exhaustion", exact_fit_is_no_exhaustion },
	{ "4.7", "frames_are_found_in_every_list", frames_are_found_in_every_list },
	{ "4.7", "one_frame_wanders_through_all_interfaces",
	  one_frame_wanders_through_all_interfaces },
	{ "4.8", "first_use_is_zero", first_use_is_zero },
	{ "4.9", "free_counts_mapped_pages", free_counts_mapped_pages },
	{ "4.9", "any_interface_frees", any_interface_frees },
	{ "4.9", "free_of_a_comb", free_of_a_comb },
	{ 0 },
};
