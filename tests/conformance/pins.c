// SPDX-License-Identifier: MIT
/* pins.c - clause 4.11: FREE of pages that the kernel uses for I/O */

#include "harness.h"
#include "ring.h"

#include <sys/syscall.h>

static void io_never_lands_in_a_recycled_page(void)
{
	unsigned char *out = malloc(PAGE);
	struct iovec iov;
	int pipes[2];
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(pipe(pipes), 0);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	memset(ex_at(&ex, 0), 0x77, PAGE);
	/* The pipe now holds a reference to the page, as I/O in flight does. */
	iov = (struct iovec){ ex_at(&ex, 0), PAGE };
	CHECK_EQ(vmsplice(pipes[1], &iov, 1, 0), PAGE);
	CHECK(FREE(&ex, 0, 0, 8) >= 7);
	FREE(&ex, 0, 0, 8);
	CHECK(ALLOC(&ex, 0, 16, 8) != 0);
	for (int i = 16; i < 24; i++) {
		if (!faults(ex_at(&ex, i), false, NULL))
			memset(ex_at(&ex, i), 0x11, PAGE);
	}
	CHECK_EQ(read(pipes[0], out, PAGE), PAGE);
	for (size_t i = 0; i < PAGE; i++)
		CHECK_EQ(out[i], 0x77);
	/* The I/O is over: all frames are free again. */
	FREE(&ex, 0, 0, 64);
	CHECK_EQ(ALLOC(&ex, 0, 32, 8), 8);
}

/* After the FREE all frames are allocated, at the freed page's address too. */
static void io_never_sees_what_comes_after_free(void)
{
	static unsigned char out[PAGE];
	struct iovec iov;
	int pipes[2], freed;
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(pipe(pipes), 0);
	for (int round = 0; round < 20; round++) {
		CHECK_EQ(ALLOC(&ex, 0, 0, 1), 1);
		memset(ex_at(&ex, 0), 0x77, PAGE);
		iov = (struct iovec){ ex_at(&ex, 0), PAGE };
		if (vmsplice(pipes[1], &iov, 1, 0) != (ssize_t)PAGE)
			SKIP("vmsplice from a surface: %s", strerror(errno));
		freed = FREE(&ex, 0, 0, 1);
		if (freed)
			CHECK(faults(ex_at(&ex, 0), false, NULL));
		CHECK_EQ(ALLOC(&ex, 0, 0, 8 - !freed), 8 - 2 * !freed);
		/* A page that FREE skipped is still the client's, and so are its 0x77s. */
		for (int i = !freed; i < 8 - !freed; i++)
			memset(ex_at(&ex, i), 0x11, PAGE);
		CHECK_EQ(read(pipes[0], out, PAGE), PAGE);
		for (size_t i = 0; i < PAGE; i++)
			CHECK_EQ(out[i], 0x77);
		CHECK_EQ(FREE(&ex, 0, 0, 64), 8 - !freed);
	}
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
}

/*
 * A registered buffer pins its page until it is unregistered. I/O into the buffer after FREE must
 * reach no mapped page, though the same address is mapped again.
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

const struct test pin_tests[] = {
	{ "4.11", "io_never_lands_in_a_recycled_page", io_never_lands_in_a_recycled_page },
	{ "4.11", "io_never_sees_what_comes_after_free", io_never_sees_what_comes_after_free },
	{ "4.11", "pinned_page_is_not_recycled", pinned_page_is_not_recycled },
	{ 0 },
};
