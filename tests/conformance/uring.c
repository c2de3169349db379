// SPDX-License-Identifier: MIT
/* uring.c - 7.5 and 4.11 through io_uring, one operation at a time */

#include "harness.h"
#include "ring.h"

#include <sys/syscall.h>

/* What header files of older kernels lack. */
#define OP_URING_CMD 46
#define CMD_FIXED 1U

/* Offsets in the submission entry, in bytes: its layout is the kernel's ABI. */
#define SQE_CMD_OP 8
#define SQE_CMD_FLAGS 28
#define SQE_CMD 48

/* A backend that does not serve the ring's request says so, and does nothing. */
static bool unserved(int res)
{
	return res == -EBADF || res == -EINVAL || res == -EOPNOTSUPP;
}

static void readv_maps_and_fills(void)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_READV, .len = 2 };
	struct iovec iov[2];
	struct ring ring;
	struct ex ex;
	int res;

	ring_start(&ring, 4);
	ex_start(&ex, 64, 2, 8, backing_file(64 * PAGE));
	iov[0] = (struct iovec){ ex_at(&ex, 30), PAGE };
	iov[1] = (struct iovec){ ex_at(&ex, 4), 2 * PAGE };
	sqe.fd = ex.fd;
	sqe.addr = (uintptr_t)iov;
	sqe.off = read_offset(1, EXMAP_OP_READ);
	res = ring_do(&ring, &sqe);
	if (unserved(res)) {
		CHECK_EQ(ex_mapped(&ex), 0);
		SKIP("io_uring on the exmap fd not served by this backend");
	}
	CHECK_EQ(res, 3 * PAGE);
	CHECK(page_is_backing(&ex, 30) && page_is_backing(&ex, 4) && page_is_backing(&ex, 5));
	CHECK_EQ(ring_do(&ring, &sqe), 0);
	iov[0].iov_base = ex_at(&ex, 63);
	iov[0].iov_len = 2 * PAGE;
	CHECK_EQ(ring_do(&ring, &sqe), -EFAULT);
	CHECK_EQ(ex_mapped(&ex), 3);
	/* The backing must have survived it. */
	CHECK_EQ(pread(ex.fd, ex_at(&ex, 50), PAGE, 0), PAGE);
	CHECK(page_is_backing(&ex, 50));
}

static int command(struct ring *ring, const struct ex *ex, int interface, int opcode,
		   unsigned int flags, struct iovec iov)
{
	struct io_uring_sqe sqe = { .opcode = OP_URING_CMD, .fd = ex->fd };
	uint32_t op = interface | opcode << 8;

	memcpy((char *)&sqe + SQE_CMD_OP, &op, sizeof(op));
	memcpy((char *)&sqe + SQE_CMD_FLAGS, &flags, sizeof(flags));
	memcpy((char *)&sqe + SQE_CMD, &iov, sizeof(iov));
	return ring_do(ring, &sqe);
}

static void command_maps_pages(void)
{
	struct ring ring;
	struct ex ex;
	int res;

	ring_start(&ring, 4);
	ex_start(&ex, 64, 2, 8, -1);
#define ALLOC_CMD(page, bytes) \
	command(&ring, &ex, 1, EXMAP_OP_ALLOC, 0, (struct iovec){ ex_at(&ex, page), bytes })
	res = ALLOC_CMD(3, PAGE);
	if (unserved(res)) {
		CHECK_EQ(ex_mapped(&ex), 0);
		SKIP("io_uring commands on the exmap fd not served by this backend");
	}
	CHECK_EQ(res, PAGE);
	*ex_at(&ex, 3) = 1;
	CHECK_EQ(ALLOC_CMD(3, PAGE), 0);
	CHECK_EQ(ALLOC_CMD(2, 4 * PAGE), 3 * PAGE);
	CHECK_EQ(ALLOC_CMD(64, PAGE), -EFAULT);
	CHECK_EQ(ALLOC_CMD(63, 2 * PAGE), -EFAULT);
	CHECK_EQ(ALLOC_CMD(10, 100), -EINVAL);
	CHECK_EQ(command(&ring, &ex, 1, EXMAP_OP_ALLOC, 0,
			 (struct iovec){ ex_at(&ex, 10) + 512, PAGE }),
		 -EINVAL);
	for (int opcode = 0; opcode < 6; opcode++) {
		if (opcode != EXMAP_OP_ALLOC)
			CHECK_EQ(command(&ring, &ex, 0, opcode, 0,
					 (struct iovec){ ex_at(&ex, 3), PAGE }),
				 -EINVAL);
	}
	CHECK_EQ(command(&ring, &ex, 2, EXMAP_OP_ALLOC, 0, (struct iovec){ ex.base, PAGE }),
		 -EINVAL);
	CHECK_EQ(ex_mapped(&ex), 4);
	CHECK_EQ(ALLOC_CMD(20, 5 * PAGE), -ENOMEM);
#undef ALLOC_CMD
}

static void command_of_fixed_vectors(void)
{
	struct exmap_iov *v = aligned_alloc(PAGE, PAGE);
	const uint64_t request[][2] = { { 3, 1 }, { 10, 4 }, { 5000, 1 }, { 20, 1 } };
	struct io_uring_sqe probe = { .opcode = IORING_OP_NOP };
	struct iovec buffer = { v, PAGE };
	struct ring ring;
	struct ex ex;
	int res;

	ring_start(&ring, 4);
	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ring_do(&ring, &probe), 0);
	if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &buffer, 1))
		SKIP("no registered buffers here (%s)", strerror(errno));
	for (int i = 0; i < 4; i++) {
		v[i].page = request[i][0];
		v[i].len = request[i][1];
	}
	buffer.iov_len = 4 * sizeof(*v);
	res = command(&ring, &ex, 0, EXMAP_OP_ALLOC, CMD_FIXED, buffer);
	if (unserved(res)) {
		CHECK_EQ(ex_mapped(&ex), 0);
		SKIP("io_uring commands on the exmap fd not served by this backend");
	}
	CHECK_EQ(res, 1);
	CHECK(v[0].res == 0 && v[0].pages == 1 && v[1].res == 0 && v[1].pages == 4);
	CHECK(v[2].res == -EFAULT && v[2].pages == 0 && v[3].res == 0 && v[3].pages == 1);
	CHECK_EQ(ex_mapped(&ex), 6);
}

/*
 * A registered buffer pins its page for as long as the ring likes. I/O into it
 * after FREE must reach nobody's page, though the same page is mapped again.
 */
static void pinned_page_is_not_recycled(void)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_READ_FIXED, .len = PAGE };
	struct iovec buffer;
	struct ring ring;
	struct ex ex;
	int freed;

	ring_start(&ring, 4);
	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 1), 1);
	memset(ex.base, 0x77, PAGE);
	buffer = (struct iovec){ ex.base, PAGE };
	if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &buffer, 1))
		SKIP("a page of this surface cannot be a registered buffer (%s)", strerror(errno));
	freed = FREE(&ex, 0, 0, 1);
	if (freed)
		CHECK(faults(ex.base, false, NULL));
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 7 + freed);
	memset(ex_at(&ex, !freed), 0x11, (7 + freed) * PAGE);
	sqe.fd = backing_file(PAGE);
	sqe.addr = (uintptr_t)ex.base;
	CHECK_EQ(ring_do(&ring, &sqe), PAGE);
	for (size_t i = !freed * PAGE; i < 8 * PAGE; i++)
		CHECK_EQ(ex.base[i], 0x11);
	if (!freed)
		CHECK(page_is_backing(&ex, 0));
	CHECK_EQ(syscall(SYS_io_uring_register, ring.fd, IORING_UNREGISTER_BUFFERS, NULL, 0), 0);
	CHECK_EQ(FREE(&ex, 0, 0, 8), 8);
	CHECK_EQ(ALLOC(&ex, 0, 32, 8), 8);
}

const struct test uring_tests[] = {
	{ "4.11", "pinned_page_is_not_recycled", pinned_page_is_not_recycled },
	{ "7.5", "readv_maps_and_fills", readv_maps_and_fills },
	{ "7.5", "command_maps_pages", command_maps_pages },
	{ "7.5", "command_of_fixed_vectors", command_of_fixed_vectors },
	{ 0 },
};
