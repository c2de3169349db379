// SPDX-License-Identifier: MIT
/* uring_files.c - clause 7.5: rings that open, close and register exmaps and other files */

#include "harness.h"
#include "ring.h"

#include <linux/openat2.h>
#include <sys/syscall.h>

#define BYTES 8

/* ring_do(), which skips the test where the kernel does not have the operation. */
static int do_known(struct ring *ring, const struct io_uring_sqe *sqe)
{
	int res = ring_do(ring, sqe);

	if (res == -EINVAL)
		SKIP("this kernel's io_uring does not have operation %d in this form", sqe->opcode);
	return res;
}

static struct io_uring_sqe close_of(int fd)
{
	return (struct io_uring_sqe){ .opcode = IORING_OP_CLOSE, .fd = fd };
}

/* Reads from the file in a slot. Return: BYTES, if that is /dev/zero. */
static int read_slot(struct ring *ring, int slot)
{
	static char buffer[BYTES];
	struct io_uring_sqe sqe = ring_read(slot, buffer, sizeof(buffer), 0);

	sqe.flags = IOSQE_FIXED_FILE;
	return ring_do(ring, &sqe);
}

/* Reads a page of the exmap, which is in a slot. */
static int read_page(struct ring *ring, const struct ex *ex, int slot, uint64_t page)
{
	struct io_uring_sqe sqe = ring_page_read(ex, page);

	sqe.fd = slot;
	sqe.flags = IOSQE_FIXED_FILE;
	return ring_do(ring, &sqe);
}

/* After a ring has closed an exmap's descriptor, another file that gets its number is that file. */
static void closed_by_the_ring(void)
{
	struct io_uring_sqe sqe;
	struct ring ring;
	char byte = 1;
	int copy, file;
	struct ex ex;

	ring_start(&ring, 4);
	ex_start(&ex, 64, 1, 8, -1);
	copy = dup(ex.fd);
	sqe = close_of(copy);
	CHECK_EQ(ring_do(&ring, &sqe), 0);
	CHECK_EQ(ring_do(&ring, &sqe), -EBADF);
	file = open("/dev/zero", O_RDONLY);
	CHECK_EQ(file, copy);
	CHECK_EQ(read(file, &byte, 1), 1);
	CHECK_EQ(byte, 0);
	/* The exmap works until its last descriptor is closed. */
	CHECK_EQ(ALLOC(&ex, 0, 0, 4), 4);
	sqe = close_of(ex.fd);
	CHECK_EQ(ring_do(&ring, &sqe), 0);
	CHECK_EQ(fcntl(ex.fd, F_GETFD), -1);
}

static void opened_by_the_ring(void)
{
	struct open_how how = { .flags = O_RDWR | O_CLOEXEC };
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_OPENAT,
		.fd = AT_FDCWD,
		.addr = (uintptr_t)test_device,
		.open_flags = O_RDWR | O_CREAT,
		.len = 0600,
	};
	struct ring ring;
	int fd;

	ring_start(&ring, 4);
	fd = ring_do(&ring, &sqe);
	CHECK(fd >= 0);
	CHECK_EQ(ex_setup(fd, -1, 1, 8, 0), 0);
	sqe.opcode = IORING_OP_OPENAT2;
	sqe.open_flags = 0;
	sqe.off = (uintptr_t)&how;
	sqe.len = sizeof(how);
	fd = ring_do(&ring, &sqe);
	CHECK(fd >= 0);
	CHECK_EQ(ex_setup(fd, -1, 1, 8, 0), 0);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	sqe.addr = 8;
	CHECK_EQ(ring_do(&ring, &sqe), -EFAULT);
}

static void registered_by_the_ring(void)
{
	int zero = open("/dev/zero", O_RDONLY);
	struct io_uring_sqe sqe = { .opcode = IORING_OP_FILES_UPDATE, .len = 1 };
	struct ring ring;
	struct ex ex;
	int fds[2];

	ring_start(&ring, 4);
	ex_start(&ex, 64, 1, 8, backing_file(64 * PAGE));
	fds[0] = ex.fd;
	fds[1] = -1;
	CHECK_EQ(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES, fds, 2), 0);
	CHECK_EQ(read_page(&ring, &ex, 0, 3), PAGE);
	/* An update puts /dev/zero into the exmap's slot, and the exmap into the empty one. */
	sqe.addr = (uintptr_t)&zero;
	CHECK_EQ(do_known(&ring, &sqe), 1);
	CHECK_EQ(read_slot(&ring, 0), BYTES);
	sqe.addr = (uintptr_t)&ex.fd;
	sqe.off = 1;
	CHECK_EQ(ring_do(&ring, &sqe), 1);
	CHECK_EQ(read_page(&ring, &ex, 1, 4), PAGE);
	CHECK(page_is_backing(&ex, 4));
	CHECK_EQ(read_slot(&ring, 0), BYTES);
}

/* An update leaves the slots that it skips as they were. */
static void skipped_slots_stay(void)
{
	struct io_uring_rsrc_update update = { 0 };
	struct ring ring;
	struct ex ex;
	int fds[2];

	ring_start(&ring, 4);
	ex_start(&ex, 64, 1, 8, backing_file(64 * PAGE));
	fds[0] = ex.fd;
	fds[1] = -1;
	CHECK_EQ(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES, fds, 2), 0);
	fds[0] = IORING_REGISTER_FILES_SKIP;
	fds[1] = open("/dev/zero", O_RDONLY);
	update.data = (uintptr_t)fds;
	CHECK_EQ(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES_UPDATE, &update, 2),
		 2);
	CHECK_EQ(read_page(&ring, &ex, 0, 3), PAGE);
	CHECK_EQ(read_slot(&ring, 1), BYTES);
}

/* A ring opens files straight into slots: beside the exmap's, then in its place. */
static void files_of_the_ring(void)
{
	struct io_uring_sqe direct = {
		.opcode = IORING_OP_OPENAT,
		.fd = AT_FDCWD,
		.addr = (uintptr_t) "/dev/zero",
		.open_flags = O_RDONLY,
	};
	struct io_uring_sqe sqe = { .opcode = IORING_OP_CLOSE, .file_index = 1 };
	struct ring ring;
	struct ex ex;
	int fds[3];

	ring_start(&ring, 4);
	ex_start(&ex, 64, 1, 8, backing_file(64 * PAGE));
	fds[0] = fds[1] = ex.fd;
	fds[2] = -1;
	CHECK_EQ(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES, fds, 3), 0);
	direct.file_index = IORING_FILE_INDEX_ALLOC;
	CHECK_EQ(do_known(&ring, &direct), 2);
	CHECK_EQ(read_slot(&ring, 2), BYTES);
	CHECK_EQ(read_page(&ring, &ex, 0, 3), PAGE);
	direct.file_index = 1;
	CHECK_EQ(ring_do(&ring, &direct), 0);
	CHECK_EQ(read_slot(&ring, 0), BYTES);
	CHECK_EQ(read_page(&ring, &ex, 1, 4), PAGE);
	sqe.file_index = 2;
	CHECK_EQ(ring_do(&ring, &sqe), 0);
	CHECK_EQ(read_page(&ring, &ex, 1, 5), -EBADF);
	CHECK_EQ(ex_mapped(&ex), 2);
}

const struct test uring_files_tests[] = {
	{ "7.5", "closed_by_the_ring", closed_by_the_ring },
	{ "7.5", "opened_by_the_ring", opened_by_the_ring },
	{ "7.5", "registered_by_the_ring", registered_by_the_ring },
	{ "7.5", "skipped_slots_stay", skipped_slots_stay },
	{ "7.5", "files_of_the_ring", files_of_the_ring },
	{ 0 },
};
