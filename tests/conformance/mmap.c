// SPDX-License-Identifier: MIT
/* mmap.c - clauses 2.1 to 2.4: surfaces and interfaces come and go */

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

static void length_and_flags_of_a_surface(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 2 };

	CHECK_ERRNO((long)mmap(NULL, 0, RW, MAP_SHARED, ex.fd, 0), EINVAL);
	ex.base = mmap(NULL, 5000, RW, MAP_SHARED_VALIDATE | MAP_POPULATE, ex.fd, 0);
	CHECK(ex.base != MAP_FAILED);
	CHECK_EQ(ex_setup(ex.fd, -1, 1, 8, 0), 0);
	ex_interface(&ex, 0);
	CHECK_EQ(ex_mapped(&ex), 0);
	CHECK(faults(ex.base, false, NULL));
	CHECK_EQ(ALLOC(&ex, 0, 2, 1), -EFAULT);
	CHECK_EQ(ALLOC(&ex, 0, 0, 2), 2);
	ex.base[2 * PAGE - 1] = 1;
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_PRIVATE, ex.fd, 0), EINVAL);
	CHECK_EQ(munmap(ex.base, 5000), 0);
	CHECK_EQ(ex_mapped(&ex), 0);
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

static void interface_errors_and_contents(void)
{
	struct exmap_user_interface *second;
	struct ex ex = { .fd = ex_open(), .pages = 64 };
	long last;

	CHECK_ERRNO((long)mmap(NULL, 2 * PAGE, RW, MAP_SHARED, ex.fd, EXMAP_OFF_INTERFACE(0)),
		    ENXIO);
	CHECK_EQ(ex_setup(ex.fd, -1, 256, 8, 0), 0);
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, ex.fd, EXMAP_OFF_INTERFACE(256)), ENXIO);
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, ex.fd, EXMAP_OFF_INTERFACE(70000)),
		    ENXIO);
	last = (long)mmap(NULL, PAGE, RW, MAP_SHARED, ex.fd, EXMAP_OFF_INTERFACE_MAX);
	CHECK(last == -1 && (errno == ENXIO || errno == EINVAL));
	ex.base = ex_map(ex.fd, 64);
	for (int i = 0; i < 256; i++) {
		ex_interface(&ex, i);
		for (int j = 0; j < 512; j++)
			CHECK_EQ(ex.user[i]->iov[j].value, 0);
		CHECK_EQ(ALLOC(&ex, i, 7, 1), 1);
		CHECK_EQ(FREE(&ex, 255 - i >= i ? i : 255 - i, 7, 1), 1);
	}
	second = ex.user[255];
	ex_interface(&ex, 255);
	CHECK_EQ(ALLOC(&ex, 255, 3, 2), 2);
	CHECK_EQ(second->iov[0].pages, 2);
	CHECK_EQ(munmap(ex.user[255], PAGE), 0);
	CHECK_EQ(second->iov[0].pages, 2);
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

static void other_offsets_before_setup(void)
{
	const uint64_t offsets[] = { PAGE, EXMAP_OFF_PTEXPORT + PAGE, 0xdffffffffffff000,
				     EXMAP_OFF_INTERFACE_MAX + PAGE, 1 };
	int fd = ex_open();

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, fd, offsets[i]), EINVAL);
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
		/* The old page must fault, unless the new surface covers its address. */
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

const struct test mmap_tests[] = {
	{ "2.1", "surface_before_or_after_setup", surface_before_or_after_setup },
	{ "2.1", "second_surface_is_ebusy", second_surface_is_ebusy },
	{ "2.1", "private_surface_is_einval", private_surface_is_einval },
	{ "2.1", "surface_of_64_gib", surface_of_64_gib },
	{ "2.1", "surface_at_any_page", surface_at_any_page },
	{ "2.1", "length_and_flags_of_a_surface", length_and_flags_of_a_surface },
	{ "2.2", "interface_before_setup_is_enxio", interface_before_setup_is_enxio },
	{ "2.2", "interface_beyond_the_last_is_enxio", interface_beyond_the_last_is_enxio },
	{ "2.2", "interface_length_is_one_page", interface_length_is_one_page },
	{ "2.2", "private_interface_is_einval", private_interface_is_einval },
	{ "2.2", "interface_twice_is_one_page", interface_twice_is_one_page },
	{ "2.2", "interface_errors_and_contents", interface_errors_and_contents },
	{ "2.3", "other_offsets_are_einval", other_offsets_are_einval },
	{ "2.3", "other_offsets_before_setup", other_offsets_before_setup },
	{ "2.4", "munmap_returns_every_frame", munmap_returns_every_frame },
	{ "2.4", "unmapped_is_eproto", unmapped_is_eproto },
	{ "2.4", "mapped_again_elsewhere_and_longer", mapped_again_elsewhere_and_longer },
	{ "2.4", "unmapped_before_setup", unmapped_before_setup },
	{ 0 },
};
