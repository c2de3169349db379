// SPDX-License-Identifier: MIT
/* uring_batch.c - clause 7.5: reads of an exmap among other operations in a ring */

#include "harness.h"
#include "ring.h"

#include <sys/syscall.h>

#define BATCH 256

/* A third of the entries read the exmap, a third a file, and a third are no-ops. */
static void batch_of_256(void)
{
	char *heap = aligned_alloc(PAGE, BATCH * PAGE);
	int file = backing_file(BATCH * PAGE);
	struct ring ring;
	struct ex ex;

	ring_start(&ring, BATCH);
	ex_start(&ex, BATCH, 1, BATCH, file);
	for (uint64_t i = 0; i < BATCH; i++) {
		struct io_uring_sqe sqe = { .opcode = IORING_OP_NOP };

		if (i % 3 == 0)
			sqe = ring_page_read(&ex, i);
		else if (i % 3 == 1)
			sqe = ring_read(file, heap + i * PAGE, PAGE, i * PAGE);
		sqe.user_data = i;
		ring_put(&ring, &sqe);
	}
	ring_submit(&ring, BATCH);
	for (int i = 0; i < BATCH; i++) {
		struct io_uring_cqe cqe = ring_take(&ring);

		CHECK_EQ(cqe.res, cqe.user_data % 3 == 2 ? 0 : (int)PAGE);
	}
	CHECK_EQ(ex_mapped(&ex), (BATCH + 2) / 3);
	for (uint64_t i = 0; i < BATCH; i++) {
		if (i % 3 == 0)
			CHECK(page_is_backing(&ex, i));
		if (i % 3 == 1)
			CHECK(buffer_is_backing(heap + i * PAGE, i));
	}
}

static void results_by_user_data(struct ring *ring, int n, int *results)
{
	for (int i = 0; i < n; i++) {
		struct io_uring_cqe cqe = ring_take(ring);

		CHECK(cqe.user_data < (uint64_t)n);
		results[cqe.user_data] = cqe.res;
	}
}

/* Submits @n linked entries, and returns the result of each. */
static void do_chain(struct ring *ring, struct io_uring_sqe *sqes, int n, int *results)
{
	for (int i = 0; i < n; i++) {
		sqes[i].user_data = i;
		if (i < n - 1)
			sqes[i].flags |= IOSQE_IO_LINK;
		ring_put(ring, &sqes[i]);
	}
	ring_submit(ring, n);
	results_by_user_data(ring, n, results);
}

/* Two linked READs, then a write of the first page: it writes what the READ has brought. */
static void links_wait_for_it(void)
{
	int copy = memfd_create("copy", 0);
	struct io_uring_sqe sqes[3];
	char page[PAGE];
	int results[3];
	struct ring ring;
	struct ex ex;

	ring_start(&ring, 8);
	ex_start(&ex, 64, 1, 8, backing_file(64 * PAGE));
	sqes[0] = ring_page_read(&ex, 5);
	sqes[1] = ring_page_read(&ex, 6);
	sqes[2] = ring_read(copy, ex_at(&ex, 5), PAGE, 0);
	sqes[2].opcode = IORING_OP_WRITE;
	do_chain(&ring, sqes, 3, results);
	CHECK(results[0] == PAGE && results[1] == PAGE && results[2] == PAGE);
	CHECK_EQ(pread(copy, page, PAGE, 0), PAGE);
	CHECK(buffer_is_backing(page, 5));
}

static void failure_breaks_the_link(void)
{
	struct io_uring_sqe sqes[4];
	struct ring ring;
	int results[4];
	struct ex ex;

	ring_start(&ring, 8);
	ex_start(&ex, 64, 1, 8, backing_file(64 * PAGE));
	sqes[0] = ring_page_read(&ex, 5);
	sqes[1] = ring_page_read(&ex, 64);
	sqes[2] = ring_page_read(&ex, 7);
	sqes[3] = (struct io_uring_sqe){ .opcode = IORING_OP_NOP };
	do_chain(&ring, sqes, 4, results);
	CHECK_EQ(results[0], PAGE);
	CHECK_EQ(results[1], -EFAULT);
	CHECK_EQ(results[2], -ECANCELED);
	CHECK_EQ(results[3], -ECANCELED);
	CHECK_EQ(ex_mapped(&ex), 1);
}

/* What is submitted with a chain, behind it, is not in it. */
static void failure_ends_with_its_chain(void)
{
	struct io_uring_sqe sqes[3];
	struct ring ring;
	int results[3];
	struct ex ex;

	ring_start(&ring, 8);
	ex_start(&ex, 64, 1, 8, backing_file(64 * PAGE));
	sqes[0] = ring_page_read(&ex, 64);
	sqes[0].flags = IOSQE_IO_LINK;
	sqes[1] = ring_page_read(&ex, 6);
	sqes[2] = ring_page_read(&ex, 7);
	for (int i = 0; i < 3; i++) {
		sqes[i].user_data = i;
		ring_put(&ring, &sqes[i]);
	}
	ring_submit(&ring, 3);
	results_by_user_data(&ring, 3, results);
	CHECK_EQ(results[0], -EFAULT);
	CHECK_EQ(results[1], -ECANCELED);
	CHECK_EQ(results[2], PAGE);
	CHECK_EQ(ex_mapped(&ex), 1);
	CHECK(page_is_backing(&ex, 7));
}

/* A write to the backing, then linked READs: they see what it wrote. */
static void it_waits_for_links(void)
{
	char *page = aligned_alloc(PAGE, PAGE);
	int file = backing_file(64 * PAGE);
	struct io_uring_sqe sqes[3];
	struct ring ring;
	int results[3];
	struct ex ex;

	ring_start(&ring, 8);
	ex_start(&ex, 64, 1, 8, file);
	memset(page, 0x5a, PAGE);
	sqes[0] = ring_read(file, page, PAGE, 9 * PAGE);
	sqes[0].opcode = IORING_OP_WRITE;
	sqes[1] = ring_page_read(&ex, 9);
	sqes[2] = ring_page_read(&ex, 10);
	do_chain(&ring, sqes, 3, results);
	CHECK_EQ(results[0], PAGE);
	CHECK_EQ(results[1], PAGE);
	CHECK_EQ(results[2], PAGE);
	CHECK(!memcmp(ex_at(&ex, 9), page, PAGE) && page_is_backing(&ex, 10));

	/* If the first entry fails, the READs behind it map nothing. */
	sqes[0] = ring_read(-1, page, PAGE, 0);
	sqes[1] = ring_page_read(&ex, 20);
	sqes[2] = ring_page_read(&ex, 21);
	do_chain(&ring, sqes, 3, results);
	CHECK_EQ(results[0], -EBADF);
	CHECK_EQ(results[1], -ECANCELED);
	CHECK_EQ(results[2], -ECANCELED);
	CHECK_EQ(ex_mapped(&ex), 2);
}

/* A READ with a drain flag waits for the write before it, or is refused and maps nothing. */
static void it_waits_for_a_drain(void)
{
	char *page = aligned_alloc(PAGE, PAGE);
	int file = backing_file(64 * PAGE);
	struct io_uring_sqe sqe;
	struct ring ring;
	int results[2];
	struct ex ex;

	ring_start(&ring, 8);
	ex_start(&ex, 64, 1, 8, file);
	memset(page, 0x33, PAGE);
	sqe = ring_read(file, page, PAGE, 30 * PAGE);
	sqe.opcode = IORING_OP_WRITE;
	ring_put(&ring, &sqe);
	sqe = ring_page_read(&ex, 30);
	sqe.flags = IOSQE_IO_DRAIN;
	sqe.user_data = 1;
	ring_put(&ring, &sqe);
	ring_submit(&ring, 2);
	results_by_user_data(&ring, 2, results);
	CHECK_EQ(results[0], PAGE);
	if (results[1] == -EOPNOTSUPP) {
		CHECK_EQ(ex_mapped(&ex), 0);
		return;
	}
	CHECK_EQ(results[1], PAGE);
	CHECK(!memcmp(ex_at(&ex, 30), page, PAGE));
}

static void registered_files(void)
{
	int file = backing_file(64 * PAGE);
	int fds[3];
	struct io_uring_rsrc_update update = { .data = (uintptr_t)fds };
	char *heap = aligned_alloc(PAGE, PAGE);
	struct io_uring_sqe sqe;
	struct ring ring;
	struct ex ex;

	ring_start(&ring, 8);
	ex_start(&ex, 64, 1, 16, file);
	fds[0] = file;
	fds[1] = ex.fd;
	fds[2] = -1;
	CHECK_EQ(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES, fds, 3), 0);
	sqe = ring_page_read(&ex, 3);
	sqe.fd = 1;
	sqe.flags = IOSQE_FIXED_FILE;
	CHECK_EQ(ring_do(&ring, &sqe), PAGE);
	CHECK(page_is_backing(&ex, 3));
	sqe.fd = 2;
	CHECK_EQ(ring_do(&ring, &sqe), -EBADF);
	sqe = ring_read(0, heap, PAGE, 7 * PAGE);
	sqe.flags = IOSQE_FIXED_FILE;
	CHECK_EQ(ring_do(&ring, &sqe), PAGE);
	CHECK(buffer_is_backing(heap, 7));

	/* An update exchanges the two files. */
	fds[0] = ex.fd;
	fds[1] = file;
	CHECK_EQ(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES_UPDATE, &update, 2),
		 2);
	sqe = ring_page_read(&ex, 4);
	sqe.fd = 0;
	sqe.flags = IOSQE_FIXED_FILE;
	CHECK_EQ(ring_do(&ring, &sqe), PAGE);
	sqe = ring_read(1, heap, PAGE, 8 * PAGE);
	sqe.flags = IOSQE_FIXED_FILE;
	CHECK_EQ(ring_do(&ring, &sqe), PAGE);
	CHECK(buffer_is_backing(heap, 8));
	/* The ring holds a reference: the client may close its own descriptor. */
	CHECK_EQ(close(ex.fd), 0);
	sqe = ring_page_read(&ex, 5);
	sqe.fd = 0;
	sqe.flags = IOSQE_FIXED_FILE;
	CHECK_EQ(ring_do(&ring, &sqe), PAGE);
	CHECK(page_is_backing(&ex, 5));
	CHECK_EQ(syscall(SYS_io_uring_register, ring.fd, IORING_UNREGISTER_FILES, NULL, 0), 0);
	CHECK_EQ(ring_do(&ring, &sqe), -EBADF);
}

static void ring_errors_are_preads(void)
{
	struct io_uring_sqe sqe;
	struct ring ring;
	struct ex ex;

	NOT_IN_LEANSTORE("8.12");
	ring_start(&ring, 8);
	ex_start(&ex, 64, 1, 8, backing_file(64 * PAGE));
	sqe = ring_page_read(&ex, 64);
	CHECK_EQ(ring_do(&ring, &sqe), -EFAULT);
	sqe = ring_page_read(&ex, 1);
	sqe.addr += 512;
	CHECK_EQ(ring_do(&ring, &sqe), -EINVAL);
	sqe = ring_page_read(&ex, 1);
	sqe.off = read_offset(1, EXMAP_OP_READ);
	CHECK_EQ(ring_do(&ring, &sqe), -EINVAL);
	sqe = ring_page_read(&ex, 1);
	sqe.len = 9 * PAGE;
	CHECK_EQ(ring_do(&ring, &sqe), -ENOMEM);
	sqe = ring_page_read(&ex, 1);
	sqe.opcode = IORING_OP_WRITE;
	CHECK_EQ(ring_do(&ring, &sqe), -EINVAL);
	CHECK_EQ(ex_mapped(&ex), 0);
	sqe = ring_page_read(&ex, 1);
	CHECK_EQ(ring_do(&ring, &sqe), PAGE);
	CHECK_EQ(ring_do(&ring, &sqe), 0);
}

/* Pages of a registered buffer are mapped already, so a READ into it fails. */
static void registered_buffer_of_the_surface(void)
{
	struct io_uring_sqe sqe;
	struct iovec buffer;
	struct ring ring;
	struct ex ex;

	ring_start(&ring, 8);
	ex_start(&ex, 64, 1, 8, backing_file(64 * PAGE));
	CHECK_EQ(ALLOC(&ex, 0, 4, 2), 2);
	memset(ex_at(&ex, 4), 0x44, 2 * PAGE);
	buffer = (struct iovec){ ex_at(&ex, 4), 2 * PAGE };
	if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &buffer, 1))
		SKIP("a page of this surface cannot be a registered buffer (%s)", strerror(errno));
	sqe = ring_page_read(&ex, 4);
	sqe.opcode = IORING_OP_READ_FIXED;
	CHECK_EQ(ring_do(&ring, &sqe), -EINVAL);
	CHECK(ex_at(&ex, 4)[0] == 0x44);
	sqe.addr += PAGE;
	sqe.len = 2 * PAGE;
	CHECK_EQ(ring_do(&ring, &sqe), -EFAULT);
	sqe.buf_index = 1;
	CHECK_EQ(ring_do(&ring, &sqe), -EFAULT);
}

const struct test uring_batch_tests[] = {
	{ "7.5", "batch_of_256", batch_of_256 },
	{ "7.5", "links_wait_for_it", links_wait_for_it },
	{ "7.5", "failure_breaks_the_link", failure_breaks_the_link },
	{ "7.5", "failure_ends_with_its_chain", failure_ends_with_its_chain },
	{ "7.5", "it_waits_for_links", it_waits_for_links },
	{ "7.5", "it_waits_for_a_drain", it_waits_for_a_drain },
	{ "7.5", "registered_files", registered_files },
	{ "7.5", "ring_errors_are_preads", ring_errors_are_preads },
	{ "7.5", "registered_buffer_of_the_surface", registered_buffer_of_the_surface },
	{ 0 },
};
