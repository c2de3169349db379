// SPDX-License-Identifier: MIT
/* protect.c - clauses 2.4 to 2.6: munmap, mprotect, mremap and madvise of a surface or a part */

#include "harness.h"

/* A surface of 64 pages in the middle of 192, with 8 pages mapped. */
static char *start_surrounded(struct ex *ex)
{
	char *around = hole(192 * PAGE);

	*ex = (struct ex){ .fd = ex_open(), .pages = 64 };
	ex->base = mmap(around + 64 * PAGE, 64 * PAGE, RW, MAP_SHARED | MAP_FIXED, ex->fd, 0);
	CHECK(ex->base == around + 64 * PAGE);
	CHECK_EQ(ex_setup(ex->fd, -1, 1, 8, 0), 0);
	ex_interface(ex, 0);
	CHECK_EQ(ALLOC(ex, 0, 0, 8), 8);
	return around;
}

static void check_gone_and_back(struct ex *ex)
{
	CHECK_EQ(ex_mapped(ex), 0);
	CHECK_ERRNO(ex_action(ex, 0, EXMAP_OP_ALLOC, 1), EPROTO);
	ex->base = ex_map(ex->fd, 64);
	CHECK_EQ(ALLOC(ex, 0, 0, 8), 8);
	*ex_at(ex, 7) = 1;
}

static void munmap_of_more_than_the_surface(void)
{
	struct ex ex;
	char *around = start_surrounded(&ex);

	CHECK_EQ(munmap(around, 192 * PAGE), 0);
	CHECK(faults(around, false, NULL) && faults(around + 191 * PAGE, false, NULL));
	CHECK(faults(around + 64 * PAGE, false, NULL));
	check_gone_and_back(&ex);
}

static void mapping_over_the_whole_surface(void)
{
	struct ex ex;
	char *around = start_surrounded(&ex);

	CHECK(mmap(around, 192 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	      around);
	memset(around, 7, 192 * PAGE);
	check_gone_and_back(&ex);
	CHECK_EQ(around[64 * PAGE], 7);
}

/* A surface whose pages 0 to 7 hold their number; check_marked() sees that they still do. */
static void start_marked(struct ex *ex)
{
	ex_start(ex, 64, 1, 16, -1);
	CHECK_EQ(ALLOC(ex, 0, 0, 8), 8);
	for (int i = 0; i < 8; i++)
		*ex_at(ex, i) = i;
}

static void check_marked(struct ex *ex)
{
	for (int i = 0; i < 8; i++)
		CHECK_EQ(*ex_at(ex, i), i);
	CHECK(faults(ex_at(ex, 8), false, NULL));
	CHECK_EQ(ALLOC(ex, 0, 8, 8), 8);
	CHECK_EQ(FREE(ex, 0, 8, 8), 8);
}

static void partial_munmap_is_einval(void)
{
	struct ex ex;

	start_marked(&ex);
	CHECK_ERRNO(munmap(ex.base, PAGE), EINVAL);
	CHECK_ERRNO(munmap(ex_at(&ex, 4), 4 * PAGE), EINVAL);
	CHECK_ERRNO(munmap(ex_at(&ex, 63), PAGE), EINVAL);
	check_marked(&ex);
}

static void fixed_mapping_over_a_part_is_refused(void)
{
	struct ex ex;

	start_marked(&ex);
	CHECK(mmap(ex_at(&ex, 2), PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	      MAP_FAILED);
	/* Kernels before 6.2 answer ENOMEM whatever the driver says. */
	CHECK(errno == EINVAL || errno == ENOMEM);
	check_marked(&ex);
}

static void partial_mprotect_is_einval(void)
{
	struct ex ex;

	start_marked(&ex);
	CHECK_ERRNO(mprotect(ex.base, PAGE, PROT_READ), EINVAL);
	CHECK_ERRNO(mprotect(ex_at(&ex, 32), 32 * PAGE, PROT_NONE), EINVAL);
	check_marked(&ex);
}

static void mremap_is_efault(void)
{
	struct ex ex;

	start_marked(&ex);
	CHECK_ERRNO((long)mremap(ex.base, 64 * PAGE, 128 * PAGE, MREMAP_MAYMOVE), EFAULT);
	check_marked(&ex);
}

static void advice_that_splits_is_einval(void)
{
	struct ex ex;

	start_marked(&ex);
	CHECK_ERRNO(madvise(ex.base, 4 * PAGE, MADV_RANDOM), EINVAL);
	CHECK_ERRNO(madvise(ex.base, 4 * PAGE, MADV_SEQUENTIAL), EINVAL);
	check_marked(&ex);
}

static void advice_on_the_whole_is_taken(void)
{
	const int advices[] = { MADV_RANDOM, MADV_NORMAL, MADV_WILLNEED, MADV_DONTDUMP };
	struct ex ex;

	start_marked(&ex);
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		CHECK_EQ(madvise(ex.base, 64 * PAGE, advices[i]), 0);
	check_marked(&ex);
}

/* A call whose range covers a part of the surface fails, and does nothing to the rest either. */
static void more_ways_to_split(void)
{
	const int advices[] = { MADV_RANDOM, MADV_SEQUENTIAL, MADV_HUGEPAGE, MADV_NOHUGEPAGE };
	struct ex ex;
	char *around = start_surrounded(&ex);

	memset(ex.base, 5, 8 * PAGE);
	CHECK_ERRNO(munmap(around + 32 * PAGE, 64 * PAGE), EINVAL);
	CHECK_ERRNO(munmap(ex_at(&ex, 20), 100 * PAGE), EINVAL);
	CHECK_ERRNO(munmap(ex_at(&ex, 20), PAGE), EINVAL);
	CHECK_ERRNO(mprotect(ex_at(&ex, 3), PAGE, PROT_READ), EINVAL);
	CHECK_ERRNO(mprotect(ex_at(&ex, 32), 32 * PAGE, PROT_READ), EINVAL);
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		CHECK_ERRNO(madvise(ex_at(&ex, 2), 4 * PAGE, advices[i]), EINVAL);
	CHECK(mmap(ex_at(&ex, 60), 8 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	      MAP_FAILED);
	for (size_t i = 0; i < 8 * PAGE; i++)
		CHECK_EQ(ex.base[i], 5);
	CHECK_EQ(ex_mapped(&ex), 8);
	CHECK_EQ(FREE(&ex, 0, 0, 8), 8);
	CHECK_EQ(ALLOC(&ex, 0, 56, 8), 8);
	*ex_at(&ex, 63) = 1;
}

static void mremap_moves_nothing(void)
{
	struct ex ex;
	char *around = start_surrounded(&ex);

	*ex_at(&ex, 7) = 5;
	CHECK_ERRNO((long)mremap(ex.base, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
				 hole(64 * PAGE)),
		    EFAULT);
	CHECK_ERRNO((long)mremap(ex.base, 64 * PAGE, 65 * PAGE, 0), EFAULT);
	CHECK(mremap(ex.base, 64 * PAGE, 32 * PAGE, 0) == MAP_FAILED &&
	      (errno == EFAULT || errno == EINVAL));
	/* Other memory cannot be moved over a part of the surface. */
	CHECK(mremap(around, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, ex_at(&ex, 7)) ==
	      MAP_FAILED);
	CHECK_EQ(*ex_at(&ex, 7), 5);
	CHECK_EQ(FREE(&ex, 0, 0, 8), 8);
	CHECK_EQ(ALLOC(&ex, 0, 56, 8), 8);
}

static void mprotect_of_the_whole_lasts(void)
{
	siginfo_t info;
	struct ex ex;

	start_marked(&ex);
	CHECK_EQ(mprotect(ex.base, 64 * PAGE, PROT_READ), 0);
	CHECK_EQ(ALLOC(&ex, 0, 20, 2), 2);
	CHECK(!faults(ex_at(&ex, 20), false, NULL));
	CHECK(faults(ex_at(&ex, 20), true, &info));
	CHECK_EQ(info.si_code, SEGV_ACCERR);
	CHECK(faults(ex_at(&ex, 3), true, &info));
	CHECK_EQ(info.si_code, SEGV_ACCERR);
	CHECK_EQ(mprotect(ex.base, 64 * PAGE, RW), 0);
	*ex_at(&ex, 20) = 1;
	CHECK_EQ(FREE(&ex, 0, 20, 2), 2);
	check_marked(&ex);
}

static void no_access_at_all(void)
{
	siginfo_t info;
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 4), 4);
	*ex_at(&ex, 0) = 77;
	CHECK_EQ(mprotect(ex.base, 64 * PAGE, PROT_NONE), 0);
	CHECK_EQ(ALLOC(&ex, 0, 4, 4), 4);
	for (int i = 0; i < 8; i++) {
		CHECK(faults(ex_at(&ex, i) + 9, i % 2, &info));
		CHECK_EQ(info.si_code, SEGV_ACCERR);
		CHECK(info.si_addr == ex_at(&ex, i) + 9);
	}
	CHECK_EQ(FREE(&ex, 0, 4, 4), 4);
	CHECK_EQ(mprotect(ex.base, 64 * PAGE, RW), 0);
	CHECK_EQ(*ex_at(&ex, 0), 77);
	CHECK(faults(ex_at(&ex, 4), false, &info));
	CHECK_EQ(info.si_code, SEGV_MAPERR);
}

static void plain_advice_on_the_whole(void)
{
	const int advices[] = { MADV_SEQUENTIAL, MADV_RANDOM,	MADV_NORMAL,	MADV_WILLNEED,
				MADV_COLD,	 MADV_NORMAL,	MADV_DONTFORK,	MADV_DOFORK,
				MADV_DONTDUMP,	 MADV_HUGEPAGE, MADV_NOHUGEPAGE };
	char *plain = mmap(NULL, 64 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ex ex;

	ex_start(&ex, 1024, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 100, 8), 8);
	memset(ex_at(&ex, 100), 6, 8 * PAGE);
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
		/* A kernel without huge pages refuses advice about them. */
		if (madvise(plain, 64 * PAGE, advices[i]) == 0 &&
		    madvise(ex.base, 1024 * PAGE, advices[i]))
			CHECK(advices[i] == MADV_DOFORK && errno == EINVAL);
		CHECK_EQ(ex_mapped(&ex), 8);
		CHECK(faults(ex_at(&ex, 99), true, NULL) && faults(ex_at(&ex, 108), false, NULL));
	}
	for (size_t i = 100 * PAGE; i < 108 * PAGE; i++)
		CHECK_EQ(ex.base[i], 6);
}

static void dontneed_loses_no_frame(void)
{
	struct ex ex;
	int ret;

	start_marked(&ex);
	ret = madvise(ex.base, 64 * PAGE, MADV_DONTNEED);
	CHECK(ret == 0 || errno == EINVAL);
	if (ret)
		check_marked(&ex);
	else
		CHECK(faults(ex_at(&ex, 0), false, NULL));
	FREE(&ex, 0, 0, 64);
	CHECK_EQ(ALLOC(&ex, 0, 0, 16), 16);
	CHECK_EQ(ALLOC(&ex, 0, 16, 1), -ENOMEM);
}

static void discarding_advice_is_refused(void)
{
	/* Not MADV_DONTNEED, which may work as a FREE does: see dontneed_loses_no_frame. */
	const int advices[] = { MADV_FREE, MADV_REMOVE };
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	memset(ex.base, 6, 8 * PAGE);
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
		CHECK_EQ(madvise(ex.base, 64 * PAGE, advices[i]), -1);
		CHECK_EQ(madvise(ex_at(&ex, 1), PAGE, advices[i]), -1);
		CHECK_EQ(madvise(ex_at(&ex, 40), PAGE, advices[i]), -1);
	}
	for (size_t i = 0; i < 8 * PAGE; i++)
		CHECK_EQ(ex.base[i], 6);
	CHECK_EQ(ALLOC(&ex, 0, 8, 1), -ENOMEM);
	CHECK_EQ(FREE(&ex, 0, 0, 64), 8);
}

const struct test protect_tests[] = {
	{ "2.4", "munmap_of_more_than_the_surface", munmap_of_more_than_the_surface },
	{ "2.4", "mapping_over_the_whole_surface", mapping_over_the_whole_surface },
	{ "2.5", "partial_munmap_is_einval", partial_munmap_is_einval },
	{ "2.5", "fixed_mapping_over_a_part_is_refused", fixed_mapping_over_a_part_is_refused },
	{ "2.5", "partial_mprotect_is_einval", partial_mprotect_is_einval },
	{ "2.5", "mremap_is_efault", mremap_is_efault },
	{ "2.5", "advice_that_splits_is_einval", advice_that_splits_is_einval },
	{ "2.5", "advice_on_the_whole_is_taken", advice_on_the_whole_is_taken },
	{ "2.5", "more_ways_to_split", more_ways_to_split },
	{ "2.5", "mremap_moves_nothing", mremap_moves_nothing },
	{ "2.6", "mprotect_of_the_whole_lasts", mprotect_of_the_whole_lasts },
	{ "2.6", "no_access_at_all", no_access_at_all },
	{ "2.6", "plain_advice_on_the_whole", plain_advice_on_the_whole },
	{ "2.6", "dontneed_loses_no_frame", dontneed_loses_no_frame },
	{ "2.6", "discarding_advice_is_refused", discarding_advice_is_refused },
	{ 0 },
};
