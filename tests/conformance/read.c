// SPDX-License-Identifier: MIT
/* read.c - section 5: read, pread, preadv */

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

static void before_setup_is_einval(void)
{
	int fd = ex_open();
	char *base = ex_map(fd, 8);

	CHECK_ERRNO(pread(fd, base, PAGE, read_offset(0, EXMAP_OP_READ)), EINVAL);
	CHECK_ERRNO(pread(fd, base, PAGE, read_offset(0, EXMAP_OP_ALLOC)), EINVAL);
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

	start(&ex, 64);
	iov[0] = iov[1] = ex_iovec(&ex, 4, 1);
	CHECK_EQ(preadv(ex.fd, iov, 2, 0), PAGE);
	CHECK_EQ(ex_mapped(&ex), 1);
}

static void first_iovec_gives_its_errno(void)
{
	char *elsewhere = aligned_alloc(PAGE, PAGE);
	struct ex ex;

	start(&ex, 4);
	CHECK_ERRNO(pread(ex.fd, ex.base + 512, PAGE, 0), EINVAL);
	CHECK_ERRNO(pread(ex.fd, ex.base, 512, 0), EINVAL);
	CHECK_ERRNO(pread(ex.fd, ex.base, PAGE + 1, 0), EINVAL);
	CHECK_ERRNO(pread(ex.fd, elsewhere, PAGE, 0), EFAULT);
	CHECK_ERRNO(pread(ex.fd, (void *)PAGE, PAGE, 0), EFAULT);
	CHECK_ERRNO(ex_read(&ex, EXMAP_OP_READ, 1023, 2), EFAULT);
	CHECK_ERRNO(ex_read(&ex, EXMAP_OP_READ, 1024, 1), EFAULT);
	CHECK_ERRNO(ex_read(&ex, EXMAP_OP_READ, 0, 5), ENOMEM);
	CHECK_ERRNO(ex_read(&ex, EXMAP_OP_ALLOC, 0, 5), ENOMEM);
	CHECK_ERRNO(preadv(ex.fd, (const struct iovec *)ex_at(&ex, 9), 1, 0), EFAULT);
	CHECK_EQ(ex_mapped(&ex), 0);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 0, 4), 4 * PAGE);
}

static void later_iovec_gives_the_bytes_so_far(void)
{
	struct iovec bad[] = { { 0 }, { 0 }, { 0 } };
	struct iovec iov[3];
	struct ex ex;

	start(&ex, 4);
	bad[0] = (struct iovec){ ex_at(&ex, 10) + 1, PAGE };
	bad[1] = (struct iovec){ ex_at(&ex, 1024), PAGE };
	bad[2] = ex_iovec(&ex, 10, 4);
	for (int i = 0; i < 3; i++) {
		iov[0] = ex_iovec(&ex, 0, 2);
		iov[1] = bad[i];
		iov[2] = ex_iovec(&ex, 30, 1);
		CHECK_EQ(preadv(ex.fd, iov, 3, 0), 2 * PAGE);
		CHECK(page_is_backing(&ex, 0) && page_is_backing(&ex, 1));
		CHECK_EQ(ex_mapped(&ex), 2);
		CHECK_EQ(FREE(&ex, 0, 0, 2), 2);
	}
}

static void end_of_file_inside_the_range(void)
{
	struct ex ex;
	struct iovec iov[2];

	/* Ends 1000 bytes into page 10. */
	ex_start(&ex, 64, 1, 64, backing_file(10 * PAGE + 1000));
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 8, 6), 2 * PAGE + 1000);
	CHECK(page_is_backing(&ex, 8) && page_is_backing(&ex, 9));
	for (size_t i = 0; i < PAGE; i++)
		CHECK_EQ((unsigned char)ex_at(&ex, 10)[i],
			 i < 1000 ? backing_byte(10 * PAGE + i) : 0);
	CHECK_EQ(ex_mapped(&ex), 3);
	CHECK(faults(ex_at(&ex, 11), false, NULL) && faults(ex_at(&ex, 13), false, NULL));
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 11, 2), 0);
	CHECK_EQ(ex_mapped(&ex), 3);
	CHECK_EQ(FREE(&ex, 0, 0, 64), 3);
	/* A short iovec ends the call. */
	iov[0] = ex_iovec(&ex, 10, 1);
	iov[1] = ex_iovec(&ex, 0, 1);
	CHECK_EQ(preadv(ex.fd, iov, 2, 0), 1000);
	CHECK_EQ(ex_mapped(&ex), 1);
	CHECK_EQ(ALLOC(&ex, 0, 20, 44), 44);
}

static void end_of_file_on_a_page(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 64, backing_file(10 * PAGE));
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 8, 6), 2 * PAGE);
	CHECK_EQ(ex_mapped(&ex), 2);
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 10, 1), 0);
	CHECK_EQ(ex_mapped(&ex), 2);
}

static void failed_read_unmaps_only_its_own(void)
{
	struct ex ex;

	ex_start(&ex, 1024, 1, 512, backing_file(4 * PAGE));
	CHECK_EQ(ALLOC(&ex, 0, 0, 256), 256);
	for (int i = 0; i < 256; i++)
		*ex_at(&ex, i) = i;
	/* Nothing of the backing is there: whatever was mapped for it goes again. */
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 300, 4), 0);
	CHECK_ERRNO(ex_read(&ex, EXMAP_OP_READ, 260, 300), ENOMEM);
	for (int i = 0; i < 256; i++)
		CHECK_EQ(*ex_at(&ex, i), (char)i);
	CHECK_EQ(ex_mapped(&ex), 256);
	CHECK(faults(ex_at(&ex, 300), false, NULL));
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

const struct test read_tests[] = {
	{ "5.1", "bad_offsets_are_einval", bad_offsets_are_einval },
	{ "5.1", "before_setup_is_einval", before_setup_is_einval },
	{ "5.1", "read_without_backing_is_einval", read_without_backing_is_einval },
	{ "5.1", "read_and_readv_are_offset_0", read_and_readv_are_offset_0 },
	{ "5.1", "nowait_is_eopnotsupp", nowait_is_eopnotsupp },
	{ "5.2", "reads_fill_from_the_backing", reads_fill_from_the_backing },
	{ "5.2", "a_thousand_iovecs", a_thousand_iovecs },
	{ "5.2", "alloc_maps_without_backing", alloc_maps_without_backing },
	{ "5.2", "works_again_after_free", works_again_after_free },
	{ "5.3", "mapped_page_ends_the_call", mapped_page_ends_the_call },
	{ "5.3", "same_page_twice_is_read_once", same_page_twice_is_read_once },
	{ "5.4", "first_iovec_gives_its_errno", first_iovec_gives_its_errno },
	{ "5.4", "later_iovec_gives_the_bytes_so_far", later_iovec_gives_the_bytes_so_far },
	{ "5.5", "end_of_file_inside_the_range", end_of_file_inside_the_range },
	{ "5.5", "end_of_file_on_a_page", end_of_file_on_a_page },
	{ "5.6", "failed_read_unmaps_only_its_own", failed_read_unmaps_only_its_own },
	{ 0 },
};
