// SPDX-License-Identifier: MIT
/* more_mmap.c - 2.4 to 2.6: what may and what may not be done to a surface */

#include "harness.h"

static void mapped_again_elsewhere_and_longer(void)
{
	char *old;
	struct ex ex;

	ex_start(&ex, 64, 1, 100, -1);
	for (size_t pages = 64; pages < 70000; pages *= 4) {
		old = ex.base;
		CHECK_EQ(ALLOC(&ex, 0, 10, 50), 50);
		CHECK_EQ(munmap(ex.base, ex.pages * PAGE), 0);
		hole(64 * PAGE);
		CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_ALLOC, 0), EPROTO);
		ex.pages = 4 * pages;
		ex.base = mmap(hole(ex.pages * PAGE), ex.pages * PAGE, RW, MAP_SHARED | MAP_FIXED,
			       ex.fd, 0);
		CHECK(ex.base != MAP_FAILED && ex.base != old);
		CHECK_EQ(ALLOC(&ex, 0, ex.pages, 1), -EFAULT);
		CHECK_EQ(ALLOC(&ex, 0, ex.pages - 100, 100), 100);
		*ex_at(&ex, ex.pages - 1) = 1;
		/* The new one may lie over where the old one was. */
		if (old + 11 * PAGE <= ex.base || old + 10 * PAGE >= ex_at(&ex, ex.pages))
			CHECK(faults(old + 10 * PAGE, true, NULL));
		CHECK_EQ(FREE(&ex, 0, ex.pages - 100, 100), 100);
	}
}

static void unmapped_before_setup(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 64 };

	CHECK_EQ(munmap(ex_map(ex.fd, 64), 64 * PAGE), 0);
	ex.base = ex_map(ex.fd, 64);
	CHECK_EQ(munmap(ex.base, 64 * PAGE), 0);
	CHECK_EQ(ex_setup(ex.fd, -1, 1, 8, 0), 0);
	ex_interface(&ex, 0);
	CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_ALLOC, 0), EPROTO);
	ex.base = ex_map(ex.fd, 64);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
}

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

/* Whatever touches a part is refused, and nothing of the rest of the range happens either. */
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
	/* Nor may something else be moved over a part of it. */
	CHECK(mremap(around, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, ex_at(&ex, 7)) ==
	      MAP_FAILED);
	CHECK_EQ(*ex_at(&ex, 7), 5);
	CHECK_EQ(FREE(&ex, 0, 0, 8), 8);
	CHECK_EQ(ALLOC(&ex, 0, 56, 8), 8);
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
		/* A kernel without huge pages knows nothing of some. */
		if (madvise(plain, 64 * PAGE, advices[i]) == 0)
			CHECK_EQ(madvise(ex.base, 1024 * PAGE, advices[i]), 0);
		CHECK_EQ(ex_mapped(&ex), 8);
		CHECK(faults(ex_at(&ex, 99), true, NULL) && faults(ex_at(&ex, 108), false, NULL));
	}
	for (size_t i = 100 * PAGE; i < 108 * PAGE; i++)
		CHECK_EQ(ex.base[i], 6);
}

static void discarding_advice_is_refused(void)
{
	/* MADV_DONTNEED may also work, as a FREE: see dontneed_loses_no_frame. */
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

const struct test more_mmap_tests[] = {
	{ "2.4", "mapped_again_elsewhere_and_longer", mapped_again_elsewhere_and_longer },
	{ "2.4", "unmapped_before_setup", unmapped_before_setup },
	{ "2.4", "munmap_of_more_than_the_surface", munmap_of_more_than_the_surface },
	{ "2.4", "mapping_over_the_whole_surface", mapping_over_the_whole_surface },
	{ "2.5", "more_ways_to_split", more_ways_to_split },
	{ "2.5", "mremap_moves_nothing", mremap_moves_nothing },
	{ "2.6", "plain_advice_on_the_whole", plain_advice_on_the_whole },
	{ "2.6", "discarding_advice_is_refused", discarding_advice_is_refused },
	{ "2.6", "no_access_at_all", no_access_at_all },
	{ 0 },
};
