// SPDX-License-Identifier: MIT
/* read.c - clauses 5.1 to 5.3: reads that work, or find a page mapped */

#include "harness.h"

static void start(struct ex *ex, size_t frames)
{
	ex_start(ex, 1024, 2, frames, backing_file(1024 * PAGE));
}

static void bad_offsets_are_einval(void)
{
	struct ex ex;

	start(&ex, 64);
	CHECK_ERRNO(pread(ex.fd, ex.base, PAGE, read_offset(2, EXMAP_OP_READ)), EINVAL);
	CHECK_ERRNO(pread(ex.fd, ex.base, PAGE, read_offset(0, EXMAP_OP_FREE)), EINVAL);
	CHECK_ERRNO(pread(ex.fd, ex.base, PAGE, read_offset(0, EXMAP_OP_WRITE)), EINVAL);
	CHECK_ERRNO(pread(ex.fd, ex.base, PAGE, read_offset(0, 255)), EINVAL);
	CHECK_ERRNO(pread(ex.fd, ex.base, PAGE, 1 << 16), EINVAL);
	CHECK_ERRNO(pread(ex.fd, ex.base, PAGE, 1L << 40), EINVAL);
	CHECK_ERRNO(pread(ex.fd, ex.base, PAGE, -1), EINVAL);
	CHECK_EQ(ex_mapped(&ex), 0);
}

static void every_stray_bit_is_einval(void)
{
	struct iovec iov;
	struct ex ex;

	ex_start(&ex, 64, 256, 8, backing_file(64 * PAGE));
	iov = ex_iovec(&ex, 0, 1);
	for (int bit = 9; bit < 64; bit++)
		CHECK_ERRNO(preadv(ex.fd, &iov, 1, 255 | 1UL << bit), EINVAL);
	CHECK_EQ(ex_mapped(&ex), 0);
	CHECK_EQ(preadv(ex.fd, &iov, 1, read_offset(255, EXMAP_OP_ALLOC)), PAGE);
}

static void before_setup_is_einval(void)
{
	int fd = ex_open();
	char *base = ex_map(fd, 8);

	CHECK_ERRNO(pread(fd, base, PAGE, read_offset(0, EXMAP_OP_READ)), EINVAL);
	CHECK_ERRNO(pread(fd, base, PAGE, read_offset(0, EXMAP_OP_ALLOC)), EINVAL);
}

static void unmapped_is_eproto(void)
{
	struct ex ex = { .fd = ex_open() };
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec iov = { page, PAGE };

	CHECK_EQ(ex_setup(ex.fd, backing_file(PAGE), 1, 8, 0), 0);
	CHECK_ERRNO(pread(ex.fd, page, PAGE, 0), EPROTO);
	CHECK_ERRNO(pread(ex.fd, page, PAGE, read_offset(0, EXMAP_OP_ALLOC)), EPROTO);
	CHECK_ERRNO(read(ex.fd, page, PAGE), EPROTO);
	CHECK_ERRNO(readv(ex.fd, &iov, 1), EPROTO);
	CHECK_ERRNO(preadv(ex.fd, &iov, 1, 0), EPROTO);
}

static void read_without_backing_is_einval(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_ERRNO(ex_read(&ex, EXMAP_OP_READ, 0, 1), EINVAL);
	CHECK_ERRNO(read(ex.fd, ex.base, PAGE), EINVAL);
	CHECK_EQ(ex_mapped(&ex), 0);
}

static void read_and_readv_are_offset_0(void)
{
	struct iovec iov[2];
	struct ex ex;

	start(&ex, 64);
	CHECK_EQ(read(ex.fd, ex_at(&ex, 3), PAGE), PAGE);
	CHECK(page_is_backing(&ex, 3));
	iov[0] = ex_iovec(&ex, 9, 2);
	iov[1] = ex_iovec(&ex, 20, 1);
	CHECK_EQ(readv(ex.fd, iov, 2), 3 * PAGE);
	CHECK(page_is_backing(&ex, 10) && page_is_backing(&ex, 20));
}

static void preadv2_is_preadv(void)
{
	struct iovec iov[2];
	struct ex ex;

	ex_start(&ex, 64, 2, 8, backing_file(64 * PAGE));
	iov[0] = ex_iovec(&ex, 30, 1);
	iov[1] = ex_iovec(&ex, 2, 2);
	CHECK_EQ(preadv2(ex.fd, iov, 2, read_offset(1, EXMAP_OP_READ), 0), 3 * PAGE);
	CHECK(page_is_backing(&ex, 30) && page_is_backing(&ex, 2) && page_is_backing(&ex, 3));
	iov[0] = ex_iovec(&ex, 10, 1);
	/* Offset -1 is the file's position, as for read(). */
	CHECK_EQ(preadv2(ex.fd, iov, 1, -1, 0), PAGE);
	CHECK(page_is_backing(&ex, 10));
	CHECK_ERRNO(preadv2(ex.fd, iov, 1, read_offset(2, EXMAP_OP_READ), 0), EINVAL);
	CHECK_ERRNO(preadv2(ex.fd, iov, 1, read_offset(0, EXMAP_OP_ALLOC), RWF_NOWAIT), EOPNOTSUPP);
	CHECK_EQ(ex_mapped(&ex), 4);
}

static void nowait_is_eopnotsupp(void)
{
	struct iovec iov;
	struct ex ex;

	start(&ex, 8);
	iov = ex_iovec(&ex, 0, 1);
	CHECK_ERRNO(preadv2(ex.fd, &iov, 1, 0, RWF_NOWAIT), EOPNOTSUPP);
	CHECK_EQ(preadv2(ex.fd, &iov, 1, 0, RWF_HIPRI), PAGE);
	CHECK(page_is_backing(&ex, 0));
}

static void reads_fill_from_the_backing(void)
{
	struct iovec iov[3];
	struct ex ex;

	start(&ex, 1024);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 5, 1), PAGE);
	CHECK(page_is_backing(&ex, 5));
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 100, 600), 600 * PAGE);
	for (int i = 100; i < 700; i++)
		CHECK(page_is_backing(&ex, i));
	iov[0] = ex_iovec(&ex, 800, 1);
	iov[1] = ex_iovec(&ex, 0, 0);
	iov[2] = ex_iovec(&ex, 20, 16);
	CHECK_EQ(preadv(ex.fd, iov, 3, read_offset(1, EXMAP_OP_READ)), 17 * PAGE);
	CHECK(page_is_backing(&ex, 800) && page_is_backing(&ex, 20) && page_is_backing(&ex, 35));
	CHECK_EQ(ex_mapped(&ex), 618);
}

static void a_thousand_iovecs(void)
{
	struct iovec iov[1025];
	struct ex ex;

	start(&ex, 1024);
	for (int i = 0; i < 1024; i++)
		iov[i] = ex_iovec(&ex, 1023 - i, 1);
	iov[1024] = iov[0];
	CHECK_ERRNO(preadv(ex.fd, iov, 1025, 0), EINVAL);
	CHECK_EQ(preadv(ex.fd, iov, 1024, 0), 1024 * PAGE);
	for (int i = 0; i < 1024; i++)
		CHECK(page_is_backing(&ex, i));
}

static void nothing_to_read_is_0(void)
{
	struct iovec iov[3];
	struct ex ex;

	ex_start(&ex, 64, 1, 8, backing_file(64 * PAGE));
	for (int i = 0; i < 3; i++)
		iov[i] = ex_iovec(&ex, i, 0);
	CHECK_EQ(preadv(ex.fd, iov, 3, 0), 0);
	CHECK_EQ(preadv(ex.fd, iov, 0, 0), 0);
	CHECK_EQ(pread(ex.fd, ex.base, 0, 0), 0);
	CHECK_EQ(ex_mapped(&ex), 0);
}

static void alloc_maps_without_backing(void)
{
	struct ex ex;

	ex_start(&ex, 1024, 1, 700, -1);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_ALLOC, 0, 600), 600 * PAGE);
	for (int i = 0; i < 600; i++)
		*ex_at(&ex, i) = 1;
	CHECK_EQ(ex_mapped(&ex), 600);
	CHECK(faults(ex_at(&ex, 600), false, NULL));
}

static void alloc_reads_nothing(void)
{
	struct ex ex;

	/* The backing is shorter than the range, which concerns READ only. */
	ex_start(&ex, 64, 1, 64, backing_file(2 * PAGE));
	CHECK_EQ(pread(ex.fd, ex.base, 64 * PAGE, read_offset(0, EXMAP_OP_ALLOC)), 64 * PAGE);
	CHECK(!page_is_backing(&ex, 1));
	*ex_at(&ex, 63) = 1;
}

static void works_again_after_free(void)
{
	struct ex ex;

	start(&ex, 8);
	for (int i = 0; i < 100; i++) {
		CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, i, 8), 8 * PAGE);
		CHECK(page_is_backing(&ex, i) && page_is_backing(&ex, i + 7));
		memset(ex_at(&ex, i), 0, PAGE);
		CHECK_EQ(FREE(&ex, 1, i, 8), 8);
	}
}

static void mapped_page_ends_the_call(void)
{
	struct iovec iov[3];
	struct ex ex;

	NOT_IN_LEANSTORE("8.12");
	start(&ex, 64);
	CHECK_EQ(ALLOC(&ex, 0, 10, 1), 1);
	*ex_at(&ex, 10) = 99;
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 10, 1), 0);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_ALLOC, 10, 1), 0);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 8, 5), 0);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 10, 2), 0);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 9, 2), 0);
	CHECK_EQ(*ex_at(&ex, 10), 99);
	CHECK_EQ(ex_mapped(&ex), 1);
	iov[0] = ex_iovec(&ex, 0, 1);
	iov[1] = ex_iovec(&ex, 9, 3);
	iov[2] = ex_iovec(&ex, 20, 1);
	CHECK_EQ(preadv(ex.fd, iov, 3, 0), PAGE);
	CHECK(page_is_backing(&ex, 0));
	CHECK(faults(ex_at(&ex, 9), false, NULL) && faults(ex_at(&ex, 11), false, NULL) &&
	      faults(ex_at(&ex, 20), false, NULL));
	CHECK_EQ(ex_mapped(&ex), 2);
}

static void same_page_twice_is_read_once(void)
{
	struct iovec iov[2];
	struct ex ex;

	NOT_IN_LEANSTORE("8.12");
	start(&ex, 64);
	iov[0] = iov[1] = ex_iovec(&ex, 4, 1);
	CHECK_EQ(preadv(ex.fd, iov, 2, 0), PAGE);
	CHECK_EQ(ex_mapped(&ex), 1);
}

const struct test read_tests[] = {
	{ "5.1", "bad_offsets_are_einval", bad_offsets_are_einval },
	{ "5.1", "every_stray_bit_is_einval", every_stray_bit_is_einval },
	{ "5.1", "before_setup_is_einval", before_setup_is_einval },
	{ "5.1", "unmapped_is_eproto", unmapped_is_eproto },
	{ "5.1", "read_without_backing_is_einval", read_without_backing_is_einval },
	{ "5.1", "read_and_readv_are_offset_0", read_and_readv_are_offset_0 },
	{ "5.1", "preadv2_is_preadv", preadv2_is_preadv },
	{ "5.1", "nowait_is_eopnotsupp", nowait_is_eopnotsupp },
	{ "5.2", "reads_fill_from_the_backing", reads_fill_from_the_backing },
	{ "5.2", "a_thousand_iovecs", a_thousand_iovecs },
	{ "5.2", "nothing_to_read_is_0", nothing_to_read_is_0 },
	{ "5.2", "alloc_maps_without_backing", alloc_maps_without_backing },
	{ "5.2", "alloc_reads_nothing", alloc_reads_nothing },
	{ "5.2", "works_again_after_free", works_again_after_free },
	{ "5.3", "mapped_page_ends_the_call", mapped_page_ends_the_call },
	{ "5.3", "same_page_twice_is_read_once", same_page_twice_is_read_once },
	{ 0 },
};
