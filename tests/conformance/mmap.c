// SPDX-License-Identifier: MIT
/* mmap.c - section 2: mapping, unmapping, protecting */

#include "harness.h"

static void surface_before_or_after_setup(void)
{
	struct ex before, after = { .pages = 64 };

	ex_start(&before, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&before, 0, 0, 8), 8);

	after.fd = ex_open();
	CHECK_EQ(ex_setup(after.fd, -1, 1, 8, 0), 0);
	after.base = ex_map(after.fd, 64);
	ex_interface(&after, 0);
	CHECK_EQ(ALLOC(&after, 0, 0, 8), 8);
	*ex_at(&after, 7) = 1;
}

static void second_surface_is_ebusy(void)
{
	int fd = ex_open();

	ex_map(fd, 64);
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), EBUSY);
	CHECK_EQ(ex_setup(fd, -1, 1, 1, 0), 0);
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), EBUSY);
}

static void private_surface_is_einval(void)
{
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_PRIVATE, ex_open(), 0), EINVAL);
}

static void surface_of_64_gib(void)
{
	struct ex ex;
	const uint64_t last = (64UL << 30) / PAGE - 1;

	ex_start(&ex, last + 1, 1, 3, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 1), 1);
	CHECK_EQ(ALLOC(&ex, 0, last / 2, 1), 1);
	CHECK_EQ(ALLOC(&ex, 0, last, 1), 1);
	*ex_at(&ex, 0) = 1;
	*ex_at(&ex, last / 2) = 2;
	ex_at(&ex, last)[PAGE - 1] = 3;
	CHECK_EQ(ex_at(&ex, last)[PAGE - 1] + *ex_at(&ex, last / 2) + *ex_at(&ex, 0), 6);
	CHECK(faults(ex_at(&ex, 1), false, NULL));
	CHECK_EQ(ALLOC(&ex, 0, last, 2), -EFAULT);
}

static void surface_at_any_page(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 3000 };
	char *room = hole(16UL << 20);
	char *start = (char *)(((uintptr_t)room + (2UL << 20)) & ~((2UL << 20) - 1)) + 5 * PAGE;

	ex.base = mmap(start, 3000 * PAGE, RW, MAP_SHARED | MAP_FIXED, ex.fd, 0);
	CHECK(ex.base == start);
	CHECK_EQ(ex_setup(ex.fd, -1, 1, 3000, 0), 0);
	ex_interface(&ex, 0);
	CHECK_EQ(ALLOC(&ex, 0, 0, 3000), 3000);
	*ex_at(&ex, 2999) = 1;
	CHECK_EQ(FREE(&ex, 0, 0, 3000), 3000);
	CHECK_EQ(munmap(ex.base, 3000 * PAGE), 0);
}

static void interface_before_setup_is_enxio(void)
{
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, ex_open(), EXMAP_OFF_INTERFACE(0)),
		    ENXIO);
}

static void interface_beyond_the_last_is_enxio(void)
{
	int fd = ex_open();

	CHECK_EQ(ex_setup(fd, -1, 3, 8, 0), 0);
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, fd, EXMAP_OFF_INTERFACE(3)), ENXIO);
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, fd, EXMAP_OFF_INTERFACE(255)), ENXIO);
}

static void interface_length_is_one_page(void)
{
	int fd = ex_open();
	void *page;

	CHECK_EQ(ex_setup(fd, -1, 1, 8, 0), 0);
	CHECK_ERRNO((long)mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, EXMAP_OFF_INTERFACE(0)), EINVAL);
	page = mmap(NULL, 100, RW, MAP_SHARED, fd, EXMAP_OFF_INTERFACE(0));
	CHECK(page != MAP_FAILED);
}

static void private_interface_is_einval(void)
{
	int fd = ex_open();

	CHECK_EQ(ex_setup(fd, -1, 1, 8, 0), 0);
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, EXMAP_OFF_INTERFACE(0)), EINVAL);
}

static void interface_twice_is_one_page(void)
{
	struct exmap_user_interface *one, *two;
	struct ex ex;

	ex_start(&ex, 64, 2, 8, -1);
	one = ex.user[0];
	two = ex_interface(&ex, 0);
	CHECK(one != two);
	one->iov[17].value = 4711;
	CHECK_EQ(two->iov[17].value, 4711);
	CHECK_EQ(ex.user[1]->iov[17].value, 0);
	CHECK_EQ(munmap(one, PAGE), 0);
	CHECK_EQ(ALLOC(&ex, 0, 2, 1), 1);
}

static void other_offsets_are_einval(void)
{
	const uint64_t offsets[] = { 0x1000,
				     0x2000,
				     EXMAP_OFF_PTEXPORT - PAGE,
				     EXMAP_OFF_PTEXPORT + PAGE,
				     0xdffffffffffff000,
				     EXMAP_OFF_INTERFACE_MAX + PAGE };
	int fd = ex_open();

	CHECK_EQ(ex_setup(fd, -1, 1, 8, 0), 0);
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, offsets[i]), EINVAL);
}

static void munmap_returns_every_frame(void)
{
	struct ex ex;

	ex_start(&ex, 1024, 2, 600, -1);
	for (int round = 0; round < 5; round++) {
		CHECK_EQ(ALLOC(&ex, 0, 0, 300), 300);
		CHECK_EQ(ALLOC(&ex, 1, 500, 300), 300);
		CHECK_EQ(ALLOC(&ex, 1, 900, 1), -ENOMEM);
		memset(ex_at(&ex, 0), 1, 300 * PAGE);
		CHECK_EQ(munmap(ex.base, 1024 * PAGE), 0);
		CHECK_EQ(ex_mapped(&ex), 0);
		ex.base = ex_map(ex.fd, 1024);
		CHECK_EQ(ex_mapped(&ex), 0);
		CHECK(faults(ex_at(&ex, 0), false, NULL));
	}
}

static void unmapped_is_eproto(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(munmap(ex.base, 64 * PAGE), 0);
	CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_ALLOC, 1), EPROTO);
	CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_FREE, 0), EPROTO);
	CHECK_ERRNO(pread(ex.fd, ex.base, PAGE, read_offset(0, EXMAP_OP_ALLOC)), EPROTO);
}

/* A surface whose pages 0-7 hold their number, to be found unharmed. */
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
	/* Kernels before 6.2 call every failure of that kind ENOMEM. */
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

const struct test mmap_tests[] = {
	{ "2.1", "surface_before_or_after_setup", surface_before_or_after_setup },
	{ "2.1", "second_surface_is_ebusy", second_surface_is_ebusy },
	{ "2.1", "private_surface_is_einval", private_surface_is_einval },
	{ "2.1", "surface_of_64_gib", surface_of_64_gib },
	{ "2.1", "surface_at_any_page", surface_at_any_page },
	{ "2.2", "interface_before_setup_is_enxio", interface_before_setup_is_enxio },
	{ "2.2", "interface_beyond_the_last_is_enxio", interface_beyond_the_last_is_enxio },
	{ "2.2", "interface_length_is_one_page", interface_length_is_one_page },
	{ "2.2", "private_interface_is_einval", private_interface_is_einval },
	{ "2.2", "interface_twice_is_one_page", interface_twice_is_one_page },
	{ "2.3", "other_offsets_are_einval", other_offsets_are_einval },
	{ "2.4", "munmap_returns_every_frame", munmap_returns_every_frame },
	{ "2.4", "unmapped_is_eproto", unmapped_is_eproto },
	{ "2.5", "partial_munmap_is_einval", partial_munmap_is_einval },
	{ "2.5", "fixed_mapping_over_a_part_is_refused", fixed_mapping_over_a_part_is_refused },
	{ "2.5", "partial_mprotect_is_einval", partial_mprotect_is_einval },
	{ "2.5", "mremap_is_efault", mremap_is_efault },
	{ "2.5", "advice_that_splits_is_einval", advice_that_splits_is_einval },
	{ "2.5", "advice_on_the_whole_is_taken", advice_on_the_whole_is_taken },
	{ "2.6", "mprotect_of_the_whole_lasts", mprotect_of_the_whole_lasts },
	{ "2.6", "dontneed_loses_no_frame", dontneed_loses_no_frame },
	{ 0 },
};
