// SPDX-License-Identifier: MIT
/* more_read.c - section 5: the corners that its first tests leave out */

#include "harness.h"

/* Every frame has been used and holds ones: zeros are then somebody's doing. */
static void dirty_all_frames(struct ex *ex, size_t frames)
{
	CHECK_EQ(ALLOC(ex, 0, 0, frames), frames);
	memset(ex->base, 0xff, frames * PAGE);
	CHECK_EQ(FREE(ex, 0, 0, frames), frames);
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

static void alloc_reads_nothing(void)
{
	struct ex ex;

	/* The backing ends before most of these pages; ALLOC does not care. */
	ex_start(&ex, 64, 1, 64, backing_file(2 * PAGE));
	CHECK_EQ(pread(ex.fd, ex.base, 64 * PAGE, read_offset(0, EXMAP_OP_ALLOC)), 64 * PAGE);
	CHECK(!page_is_backing(&ex, 1));
	*ex_at(&ex, 63) = 1;
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

/* A device with bad blocks, as dm-error or scsi_debug make one. */
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

/* Both neighbours of a read that fails are mapped, and stay as they were. */
static void failed_read_spares_its_neighbours(void)
{
	struct ex ex;

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

const struct test more_read_tests[] = {
	{ "5.1", "unmapped_is_eproto", unmapped_is_eproto },
	{ "5.1", "every_stray_bit_is_einval", every_stray_bit_is_einval },
	{ "5.1", "preadv2_is_preadv", preadv2_is_preadv },
	{ "5.2", "nothing_to_read_is_0", nothing_to_read_is_0 },
	{ "5.2", "alloc_reads_nothing", alloc_reads_nothing },
	{ "5.4", "addresses_that_are_nowhere_are_efault", addresses_that_are_nowhere_are_efault },
	{ "5.4", "io_error_gives_its_errno", io_error_gives_its_errno },
	{ "5.5", "rest_of_the_last_page_is_cleared", rest_of_the_last_page_is_cleared },
	{ "5.5", "end_of_file_in_a_later_iovec", end_of_file_in_a_later_iovec },
	{ "5.6", "failed_read_spares_its_neighbours", failed_read_spares_its_neighbours },
	{ 0 },
};
