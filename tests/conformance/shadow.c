// SPDX-License-Identifier: MIT
/* shadow.c - clauses 8.1 to 8.5: SHADOW shows the content of pages a second time */

#include "harness.h"

static bool absent(struct ex *ex, uint64_t page)
{
	return faults(ex_at(ex, page), false, NULL);
}

static void scattered_pages_become_one_range(void)
{
	const struct {
		uint64_t page;
		unsigned int len;
	} part[] = { { 40, 1 }, { 7, 2 }, { 510, 4 }, { 20, 8 }, { 9, 1 }, { 600, 0 } };
	struct exmap_user_interface asked;
	struct ex ex;
	int n = 0;

	ex_start(&ex, 4096, 1, 64, -1);
	for (int i = 0; i < 6; i++) {
		ALLOC(&ex, 0, part[i].page, part[i].len);
		ex_fill(&ex, part[i].page, part[i].len);
	}
	for (int i = 0; i < 6; i++)
		ex_vector(&ex, 0, i, part[i].page, part[i].len);
	asked = *ex.user[0];
	CHECK_EQ(ex_shadow(&ex, 0, 6, 1020), 0);
	CHECK_EQ(memcmp(&asked, ex.user[0], sizeof(asked)), 0);
	for (int i = 0; i < 6; i++) {
		for (unsigned int j = 0; j < part[i].len; j++)
			CHECK(ex_shows(&ex, 1020 + n++, part[i].page + j));
	}
	CHECK_EQ(n, 16);
	CHECK(absent(&ex, 1019) && absent(&ex, 1036));
	for (int i = 0; i < 6; i++) {
		for (unsigned int j = 0; j < part[i].len; j++)
			CHECK(ex_shows(&ex, part[i].page + j, part[i].page + j));
	}
}

static void the_kernel_reads_a_shadow(void)
{
	static char out[2 * PAGE];
	int pipes[2];
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(pipe(pipes), 0);
	CHECK_EQ(ALLOC(&ex, 0, 3, 2), 2);
	ex_fill(&ex, 3, 2);
	CHECK_EQ(SHADOW(&ex, 0, 3, 2, 20), 0);
	CHECK_EQ(write(pipes[1], ex_at(&ex, 20), 2 * PAGE), 2 * PAGE);
	CHECK_EQ(read(pipes[0], out, 2 * PAGE), 2 * PAGE);
	CHECK_EQ(memcmp(out, ex_at(&ex, 3), 2 * PAGE), 0);
}

/* More runs than one call to the backend can take, and a vector of each length. */
static void many_vectors(void)
{
	int target = 40000, n = 0;
	struct ex ex;

	ex_start(&ex, 65536, 1, 6000, -1);
	for (int i = 0; i < 512; i++) {
		CHECK_EQ(ALLOC(&ex, 0, i * 40, i % 12), i % 12);
		ex_fill(&ex, i * 40, i % 12);
	}
	for (int i = 0; i < 512; i++)
		ex_vector(&ex, 0, i, i * 40, i % 12);
	CHECK_EQ(ex_shadow(&ex, 0, 512, target), 0);
	for (int i = 0; i < 512; i++) {
		for (int j = 0; j < i % 12; j++)
			CHECK(ex_shows(&ex, target + n++, i * 40 + j));
	}
}

static void no_vectors_is_0(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ex_shadow(&ex, 0, 0, 0), 0);
	CHECK_EQ(ex_shadow(&ex, 0, 0, ~0UL), 0);
	CHECK_EQ(SHADOW(&ex, 0, 64, 0, 64), 0);
}

static void takes_no_frame(void)
{
	struct ex ex;

	ex_start(&ex, 4096, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	ex_fill(&ex, 0, 8);
	for (int i = 1; i < 100; i++)
		CHECK_EQ(SHADOW(&ex, 0, 0, 8, i * 8), 0);
	CHECK_EQ(ex_mapped(&ex), 8);
	for (int i = 0; i < 800; i++)
		CHECK(ex_shows(&ex, i, i % 8));
	CHECK_EQ(ALLOC(&ex, 0, 4000, 1), -ENOMEM);
}

static void unmapped_sources_leave_holes(void)
{
	struct ex ex;

	ex_start(&ex, 4096, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 1, 1), 1);
	CHECK_EQ(ALLOC(&ex, 0, 3, 1), 1);
	ex_fill(&ex, 1, 1);
	ex_fill(&ex, 3, 1);
	CHECK_EQ(SHADOW(&ex, 0, 0, 5, 100), 0);
	for (int i = 0; i < 5; i++)
		CHECK(i % 2 ? ex_shows(&ex, 100 + i, i) : absent(&ex, 100 + i));
	/* A shadow is no source, nor is a page that was never mapped, or is freed. */
	CHECK_EQ(SHADOW(&ex, 0, 100, 5, 200), 0);
	CHECK_EQ(SHADOW(&ex, 0, 3000, 5, 300), 0);
	RM_SD(&ex, 0);
	CHECK_EQ(FREE(&ex, 0, 0, 10), 2);
	CHECK_EQ(SHADOW(&ex, 0, 0, 5, 400), 0);
	for (int i = 0; i < 5; i++)
		CHECK(absent(&ex, 200 + i) && absent(&ex, 300 + i) && absent(&ex, 400 + i));
	CHECK_EQ(ex_mapped(&ex), 0);
}

static void targets_with_frames_stay(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 16, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 5), 5);
	CHECK_EQ(ALLOC(&ex, 0, 22, 1), 1);
	ex_fill(&ex, 0, 5);
	ex_fill(&ex, 22, 1);
	CHECK_EQ(SHADOW(&ex, 0, 0, 5, 20), 0);
	for (int i = 0; i < 5; i++)
		CHECK(ex_shows(&ex, 20 + i, i == 2 ? 22 : i));
	/* Onto themselves and their neighbours. */
	CHECK_EQ(SHADOW(&ex, 0, 0, 5, 0), 0);
	CHECK_EQ(SHADOW(&ex, 0, 0, 5, 3), 0);
	for (int i = 0; i < 5; i++)
		CHECK(ex_shows(&ex, i, i));
	CHECK(ex_shows(&ex, 5, 2) && ex_shows(&ex, 7, 4));
	CHECK_EQ(ex_mapped(&ex), 6);
}

static void own_shadows_are_replaced(void)
{
	struct ex ex;

	ex_start(&ex, 64, 2, 16, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	ex_fill(&ex, 0, 8);
	CHECK_EQ(SHADOW(&ex, 0, 0, 6, 20), 0);
	CHECK_EQ(SHADOW(&ex, 0, 4, 4, 22), 0);
	for (int i = 0; i < 6; i++)
		CHECK(ex_shows(&ex, 20 + i, i < 2 ? i : i + 2));
	/* By sources of which one is not mapped: nothing is left of the old shadow there. */
	CHECK_EQ(FREE(&ex, 0, 3, 1), 1);
	CHECK_EQ(SHADOW(&ex, 0, 2, 4, 20), 0);
	CHECK(ex_shows(&ex, 20, 2) && absent(&ex, 21) && ex_shows(&ex, 22, 4));
	/* Those of another interface stay. */
	CHECK_EQ(SHADOW(&ex, 1, 0, 2, 20), 0);
	CHECK_EQ(SHADOW(&ex, 1, 0, 2, 25), 0);
	CHECK(ex_shows(&ex, 20, 2) && ex_shows(&ex, 25, 7) && ex_shows(&ex, 26, 1));
}

static void alloc_and_read_take_the_place(void)
{
	struct ex ex;
	int fd = backing_file(64 * PAGE);

	ex_start(&ex, 64, 2, 16, fd);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	ex_fill(&ex, 0, 8);
	CHECK_EQ(SHADOW(&ex, 0, 0, 8, 20), 0);
	CHECK_EQ(ALLOC(&ex, 1, 19, 4), 4);
	ex_fill(&ex, 19, 4);
	CHECK_EQ(ALLOC(&ex, 0, 23, 1), 1);
	ex_fill(&ex, 23, 1);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 24, 2), 2 * PAGE);
	CHECK(page_is_backing(&ex, 24) && page_is_backing(&ex, 25));
	CHECK(ex_shows(&ex, 26, 6) && ex_shows(&ex, 27, 7));
	CHECK_EQ(ex_mapped(&ex), 8 + 7);
	/* They are pages of their own: RM_SD does not touch them, and the sources have not changed. */
	CHECK_EQ(RM_SD(&ex, 0), 0);
	for (int i = 19; i < 24; i++)
		CHECK(ex_shows(&ex, i, i));
	for (int i = 0; i < 8; i++)
		CHECK(ex_shows(&ex, i, i));
	CHECK_EQ(FREE(&ex, 0, 0, 64), 15);
	CHECK_EQ(ALLOC(&ex, 1, 0, 16), 16);
}

/* A read that begins at a shadow, and one that meets it behind pages that are not mapped. */
static void read_over_shadows(void)
{
	struct ex ex;
	int fd = backing_file(64 * PAGE);

	NOT_IN_LEANSTORE("8.12");
	ex_start(&ex, 64, 1, 16, fd);
	CHECK_EQ(ALLOC(&ex, 0, 0, 1), 1);
	for (int target = 10; target < 14; target++) {
		CHECK_EQ(SHADOW(&ex, 0, 0, 1, target), 0);
		CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 10, 4), 4 * PAGE);
		for (int i = 10; i < 14; i++)
			CHECK(page_is_backing(&ex, i));
		CHECK_EQ(FREE(&ex, 0, 10, 4), 4);
	}
	CHECK_EQ(SHADOW(&ex, 0, 0, 1, 20), 0);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_ALLOC, 19, 3), 3 * PAGE);
	CHECK_EQ(ex_mapped(&ex), 4);
	/* A page that is mapped ends it all the same [5.3]. */
	CHECK_EQ(SHADOW(&ex, 0, 0, 1, 22), 0);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 21, 2), 0);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 20, 4), 0);
}

static void free_ends_and_counts_nothing(void)
{
	struct ex ex;

	ex_start(&ex, 64, 2, 16, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	ex_fill(&ex, 0, 8);
	CHECK_EQ(SHADOW(&ex, 0, 0, 8, 20), 0);
	CHECK_EQ(FREE(&ex, 1, 21, 1), 0);
	CHECK_EQ(FREE(&ex, 0, 23, 3), 0);
	for (int i = 0; i < 8; i++)
		CHECK(i == 1 || (i >= 3 && i < 6) ? absent(&ex, 20 + i) : ex_shows(&ex, 20 + i, i));
	CHECK_EQ(ex_mapped(&ex), 8);
	CHECK_EQ(ALLOC(&ex, 0, 30, 1), 1);
	/* Shadows between pages that are mapped, and a range of which nothing is mapped. */
	CHECK_EQ(FREE(&ex, 0, 20, 20), 1);
	for (int i = 0; i < 8; i++)
		CHECK(absent(&ex, 20 + i));
	CHECK_EQ(RM_SD(&ex, 0), 0);
	CHECK_EQ(FREE(&ex, 0, 0, 64), 8);
	CHECK_EQ(ALLOC(&ex, 1, 40, 16), 16);
}

/* The 512 pages behind the shadows were never used. */
static void free_goes_on_behind_shadows(void)
{
	struct ex ex;

	ex_start(&ex, 4096, 2, 16, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	ex_fill(&ex, 0, 8);
	for (int round = 0; round < 3; round++) {
		CHECK_EQ(SHADOW(&ex, 0, 0, 8, 504), 0);
		CHECK(ex_shows(&ex, 511, 7));
		CHECK_EQ(FREE(&ex, 1, 500, 1000), 0);
		CHECK(absent(&ex, 504) && absent(&ex, 511));
	}
	CHECK_EQ(FREE(&ex, 1, 0, 4095), 8);
}

static void bad_calls_touch_nothing(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 16, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	ex_fill(&ex, 0, 8);
	ex_vector(&ex, 0, 0, 0, 4);
	ex_vector(&ex, 0, 1, 62, 3);
	CHECK_ERRNO(ex_shadow(&ex, 0, 2, 20), EFAULT);
	ex_vector(&ex, 0, 1, 1UL << 51, 1);
	CHECK_ERRNO(ex_shadow(&ex, 0, 2, 20), EFAULT);
	CHECK_ERRNO(SHADOW(&ex, 0, 0, 4, 61), EFAULT);
	CHECK_ERRNO(SHADOW(&ex, 0, 0, 1, ~0UL), EFAULT);
	CHECK_ERRNO(SHADOW(&ex, 0, 0, 1, 1UL << 52), EFAULT);
	CHECK_ERRNO(SHADOW(&ex, 0, 0, 0, 65), EFAULT);
	CHECK_ERRNO(ex_shadow(&ex, 0, 513, 20), EINVAL);
	CHECK_ERRNO(ex_shadow(&ex, 1, 1, 20), EINVAL);
	for (int i = 8; i < 64; i++)
		CHECK(absent(&ex, i));
	CHECK_EQ(SHADOW(&ex, 0, 0, 4, 60), 0);
	CHECK(ex_shows(&ex, 63, 3));
}

static void too_many_ranges_is_enomem(void)
{
	struct ex ex;
	int n = 0;

	ex_start(&ex, 8192, 2, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 1), 1);
	ex_fill(&ex, 0, 1);
	while (n < 2000 && !SHADOW(&ex, 0, 0, 1, 10 + 2 * n))
		n++;
	CHECK_EQ(errno, ENOMEM);
	CHECK_EQ(n, 1024);
	CHECK(absent(&ex, 10 + 2 * n));
	CHECK(ex_shows(&ex, 10 + 2 * n - 2, 0));
	/* The limit is each interface's. */
	CHECK_EQ(SHADOW(&ex, 1, 0, 1, 9), 0);
	CHECK_EQ(RM_SD(&ex, 0), 0);
	CHECK_EQ(SHADOW(&ex, 0, 0, 1, 10 + 2 * n), 0);
	/* Targets that continue those of the call before are one range. */
	CHECK_EQ(RM_SD(&ex, 0), 0);
	for (int i = 0; i < 3000; i++)
		CHECK_EQ(SHADOW(&ex, 0, 0, 1, 4000 + i), 0);
	CHECK(ex_shows(&ex, 4000, 0) && ex_shows(&ex, 6999, 0));
}

const struct test shadow_tests[] = {
	{ "8.1", "scattered_pages_become_one_range", scattered_pages_become_one_range },
	{ "8.1", "the_kernel_reads_a_shadow", the_kernel_reads_a_shadow },
	{ "8.1", "many_vectors", many_vectors },
	{ "8.1", "no_vectors_is_0", no_vectors_is_0 },
	{ "8.2", "takes_no_frame", takes_no_frame },
	{ "8.3", "unmapped_sources_leave_holes", unmapped_sources_leave_holes },
	{ "8.3", "targets_with_frames_stay", targets_with_frames_stay },
	{ "8.3", "own_shadows_are_replaced", own_shadows_are_replaced },
	{ "8.4", "alloc_and_read_take_the_place", alloc_and_read_take_the_place },
	{ "8.4", "read_over_shadows", read_over_shadows },
	{ "8.4", "free_ends_and_counts_nothing", free_ends_and_counts_nothing },
	{ "8.4", "free_goes_on_behind_shadows", free_goes_on_behind_shadows },
	{ "8.5", "bad_calls_touch_nothing", bad_calls_touch_nothing },
	{ "8.5", "too_many_ranges_is_enomem", too_many_ranges_is_enomem },
	{ 0 },
};
