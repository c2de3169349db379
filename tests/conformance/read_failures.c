// SPDX-License-Identifier: MIT
/* read_failures.c - clauses 5.4 to 5.6: reads that fail, or meet the end of the backing */

#include "harness.h"

#include <linux/fs.h>

static void first_iovec_gives_its_errno(void)
{
	char *elsewhere = aligned_alloc(PAGE, PAGE);
	struct ex ex;

	ex_start(&ex, 1024, 2, 4, backing_file(1024 * PAGE));
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

	ex_start(&ex, 1024, 2, 4, backing_file(1024 * PAGE));
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

static void addresses_that_are_nowhere_are_efault(void)
{
	void *const nowhere[] = { NULL, (void *)(1UL << 63), (void *)-(long)PAGE };
	struct iovec iov[2];
	struct ex ex;

	ex_start(&ex, 64, 1, 8, backing_file(64 * PAGE));
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		for (int opcode = EXMAP_OP_READ; opcode <= EXMAP_OP_ALLOC; opcode++)
			CHECK_ERRNO(pread(ex.fd, nowhere[i], PAGE, read_offset(0, opcode)), EFAULT);
	}
	CHECK_ERRNO(pread(ex.fd, ex.base - PAGE, 2 * PAGE, 0), EFAULT);
	CHECK_ERRNO(pread(ex.fd, ex_at(&ex, 5), 1UL << 30, 0x100), EFAULT);
	CHECK_ERRNO(pread(ex.fd, ex_at(&ex, 5) + 8, PAGE, 0x100), EINVAL);
	iov[0] = ex_iovec(&ex, 5, 1);
	iov[1] = (struct iovec){ ex.base - PAGE, PAGE };
	CHECK_EQ(preadv(ex.fd, iov, 2, 0), PAGE);
	CHECK_EQ(ex_mapped(&ex), 1);
}

/* Needs a device with bad blocks, which dm-error and scsi_debug can make. */
static void io_error_gives_its_errno(void)
{
	const char *path = getenv("EXMAP_TEST_BDEV_ERROR");
	unsigned char *page = aligned_alloc(PAGE, PAGE);
	struct iovec iov[2];
	int fd, bad, error;
	struct ex ex;

	if (!path)
		SKIP("EXMAP_TEST_BDEV_ERROR names no block device with unreadable pages");
	fd = open(path, O_RDONLY | O_DIRECT);
	CHECK(fd >= 0);
	CHECK_EQ(pread(fd, page, PAGE, 0), PAGE);
	for (bad = 1; bad < 65536 && pread(fd, page, PAGE, bad * PAGE) == (ssize_t)PAGE; bad++)
		;
	error = errno;
	CHECK(bad < 65536);
	ex_start(&ex, bad + 64, 1, 64, fd);
	CHECK_EQ(ALLOC(&ex, 0, bad + 1, 8), 8);
	*ex_at(&ex, bad + 1) = 1;
	CHECK_ERRNO(pread(ex.fd, ex_at(&ex, bad), PAGE, 0), error);
	CHECK_EQ(ex_mapped(&ex), 8);
	CHECK_EQ(*ex_at(&ex, bad + 1), 1);
	iov[0] = ex_iovec(&ex, 0, 1);
	iov[1] = ex_iovec(&ex, bad, 1);
	CHECK_EQ(preadv(ex.fd, iov, 2, 0), PAGE);
	CHECK_EQ(ex_mapped(&ex), 9);
}

/* Fill all frames with 0xff: a zero seen later was written by the READ. */
static void dirty_all_frames(struct ex *ex, size_t frames)
{
	CHECK_EQ(ALLOC(ex, 0, 0, frames), frames);
	memset(ex->base, 0xff, frames * PAGE);
	CHECK_EQ(FREE(ex, 0, 0, frames), frames);
}

static void end_of_file_inside_the_range(void)
{
	struct ex ex;
	struct iovec iov[2];

	/* The backing ends 1000 bytes into page 10. */
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

static void rest_of_the_last_page_is_cleared(void)
{
	const size_t tails[] = { 1, 511, 512, 1000, 4095 };

	for (size_t t = 0; t < sizeof(tails) / sizeof(tails[0]); t++) {
		struct ex ex;

		ex_start(&ex, 64, 1, 16, backing_file(5 * PAGE + tails[t]));
		dirty_all_frames(&ex, 16);
		CHECK_EQ(pread(ex.fd, ex_at(&ex, 4), 8 * PAGE, 0), PAGE + tails[t]);
		CHECK(page_is_backing(&ex, 4));
		for (size_t i = 0; i < PAGE; i++)
			CHECK_EQ((unsigned char)ex_at(&ex, 5)[i],
				 i < tails[t] ? backing_byte(5 * PAGE + i) : 0);
		CHECK_EQ(ex_mapped(&ex), 2);
		for (int i = 6; i < 12; i++)
			CHECK(faults(ex_at(&ex, i), false, NULL));
		munmap(ex.base, 64 * PAGE);
		close(ex.fd);
	}
}

static void device_that_ends_inside_a_page(void)
{
	const char *path = getenv("EXMAP_TEST_BDEV");
	uint64_t bytes = 0;
	uint64_t last;
	struct ex ex;
	size_t tail;
	int fd;

	if (!path)
		SKIP("EXMAP_TEST_BDEV names no block device");
	fd = open(path, O_RDONLY | O_DIRECT);
	CHECK(fd >= 0);
	CHECK_EQ(ioctl(fd, BLKGETSIZE64, &bytes), 0);
	last = bytes / PAGE;
	tail = bytes % PAGE;
	if (!tail)
		SKIP("this device ends on a page");
	ex_start(&ex, last + 10, 1, 2, fd);
	dirty_all_frames(&ex, 2);
	CHECK_EQ(pread(ex.fd, ex_at(&ex, last), 2 * PAGE, 0), tail);
	for (size_t i = tail; i < PAGE; i++)
		CHECK_EQ((unsigned char)ex_at(&ex, last)[i], 0);
	CHECK_EQ(ex_mapped(&ex), 1);
	CHECK_EQ(pread(ex.fd, ex_at(&ex, last + 1), PAGE, 0), 0);
	CHECK_EQ(ex_mapped(&ex), 1);
}

static void end_of_file_in_a_later_iovec(void)
{
	struct iovec iov[3];
	struct ex ex;

	ex_start(&ex, 64, 1, 16, backing_file(5 * PAGE + 512));
	dirty_all_frames(&ex, 16);
	iov[0] = ex_iovec(&ex, 0, 2);
	iov[1] = ex_iovec(&ex, 5, 3);
	iov[2] = ex_iovec(&ex, 3, 1);
	CHECK_EQ(preadv(ex.fd, iov, 3, 0), 2 * PAGE + 512);
	CHECK_EQ(ex_mapped(&ex), 3);
	CHECK(faults(ex_at(&ex, 3), false, NULL) && faults(ex_at(&ex, 6), false, NULL));
	iov[0] = ex_iovec(&ex, 2, 1);
	iov[1] = ex_iovec(&ex, 40, 3);
	CHECK_EQ(preadv(ex.fd, iov, 3, 0), PAGE);
	CHECK_EQ(ex_mapped(&ex), 4);
}

static void failed_read_unmaps_only_its_own(void)
{
	struct ex ex;

	ex_start(&ex, 1024, 1, 512, backing_file(4 * PAGE));
	CHECK_EQ(ALLOC(&ex, 0, 0, 256), 256);
	for (int i = 0; i < 256; i++)
		*ex_at(&ex, i) = i;
	/* The backing ends before page 300: the four pages mapped for it are unmapped again. */
	CHECK_EQ(ex_read(&ex, EXMAP_OP_READ, 300, 4), 0);
	CHECK_ERRNO(ex_read(&ex, EXMAP_OP_READ, 260, 300), ENOMEM);
	for (int i = 0; i < 256; i++)
		CHECK_EQ(*ex_at(&ex, i), (char)i);
	CHECK_EQ(ex_mapped(&ex), 256);
	CHECK(faults(ex_at(&ex, 300), false, NULL));
}

/* The pages before and behind a read that fails are mapped, and keep their content. */
static void failed_read_spares_its_neighbours(void)
{
	struct ex ex;

	NOT_IN_LEANSTORE("8.12");
	ex_start(&ex, 64, 1, 16, backing_file(40 * PAGE));
	CHECK_EQ(ALLOC(&ex, 0, 10, 4), 4);
	CHECK_EQ(ALLOC(&ex, 0, 18, 4), 4);
	memset(ex_at(&ex, 10), 0x21, 4 * PAGE);
	memset(ex_at(&ex, 18), 0x22, 4 * PAGE);
	CHECK_EQ(pread(ex.fd, ex_at(&ex, 14), 5 * PAGE, 0), 0);
	CHECK_ERRNO(pread(ex.fd, ex_at(&ex, 22), 9 * PAGE, 0), ENOMEM);
	CHECK_ERRNO(pread(ex.fd, ex_at(&ex, 22), 43 * PAGE, 0), EFAULT);
	CHECK_ERRNO(pread(ex.fd, ex_at(&ex, 14), PAGE + 512, 0), EINVAL);
	CHECK_EQ(ex_mapped(&ex), 8);
	for (size_t i = 0; i < 4 * PAGE; i++) {
		CHECK_EQ(ex_at(&ex, 10)[i], 0x21);
		CHECK_EQ(ex_at(&ex, 18)[i], 0x22);
	}
	for (int i = 14; i < 18; i++)
		CHECK(faults(ex_at(&ex, i), false, NULL));
	CHECK_EQ(pread(ex.fd, ex_at(&ex, 22), 8 * PAGE, 0), 8 * PAGE);
}

const struct test read_failure_tests[] = {
	{ "5.4", "first_iovec_gives_its_errno", first_iovec_gives_its_errno },
	{ "5.4", "later_iovec_gives_the_bytes_so_far", later_iovec_gives_the_bytes_so_far },
	{ "5.4", "addresses_that_are_nowhere_are_efault", addresses_that_are_nowhere_are_efault },
	{ "5.4", "io_error_gives_its_errno", io_error_gives_its_errno },
	{ "5.5", "end_of_file_inside_the_range", end_of_file_inside_the_range },
	{ "5.5", "end_of_file_on_a_page", end_of_file_on_a_page },
	{ "5.5", "rest_of_the_last_page_is_cleared", rest_of_the_last_page_is_cleared },
	{ "5.5", "end_of_file_in_a_later_iovec", end_of_file_in_a_later_iovec },
	{ "5.5", "device_that_ends_inside_a_page", device_that_ends_inside_a_page },
	{ "5.6", "failed_read_unmaps_only_its_own", failed_read_unmaps_only_its_own },
	{ "5.6", "failed_read_spares_its_neighbours", failed_read_spares_its_neighbours },
	{ 0 },
};
