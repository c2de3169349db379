// SPDX-License-Identifier: MIT
/* uring.c - clause 7.5: reads and commands through io_uring, one operation at a time */

#include "harness.h"
#include "ring.h"

#include <sys/syscall.h>

/* The results by which a backend says that it does not serve an operation. */
static bool unserved(int res)
{
	return res == -EBADF || res == -EINVAL || res == -EOPNOTSUPP;
}

static void io_uring_reads(void)
{
	struct io_uring_sqe sqe;
	struct ring ring;
	struct ex ex;
	int ret;

	ring_start(&ring, 2);
	ex_start(&ex, 64, 1, 8, backing_file(64 * PAGE));
	sqe = ring_page_read(&ex, 5);
	sqe.len = 2 * PAGE;
	ret = ring_do(&ring, &sqe);
	if (unserved(ret)) {
		CHECK_EQ(ex_mapped(&ex), 0);
		SKIP("this backend does not serve io_uring (%s)", strerror(-ret));
	}
	CHECK_EQ(ret, 2 * PAGE);
	CHECK(page_is_backing(&ex, 5) && page_is_backing(&ex, 6));
	CHECK_EQ(ex_mapped(&ex), 2);
}

static void readv_maps_and_fills(void)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_READV, .len = 2 };
	struct iovec iov[2];
	struct ring ring;
	struct ex ex;
	int res;

	NOT_IN_LEANSTORE("8.12");
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
	/* The backing still works after reads through the ring. */
	CHECK_EQ(pread(ex.fd, ex_at(&ex, 50), PAGE, 0), PAGE);
	CHECK(page_is_backing(&ex, 50));
}

/* A buffer that the ring is to choose, of a group that has none. */
static void no_buffer_to_select(void)
{
	struct io_uring_sqe sqe;
	struct ring ring;
	struct ex ex;

	ring_start(&ring, 2);
	ex_start(&ex, 64, 1, 8, backing_file(64 * PAGE));
	sqe = ring_page_read(&ex, 5);
	sqe.flags = IOSQE_BUFFER_SELECT;
	CHECK(ring_do(&ring, &sqe) < 0);
	CHECK_EQ(ex_mapped(&ex), 0);
}

static int command(struct ring *ring, const struct ex *ex, int interface, int opcode,
		   unsigned int flags, struct iovec iov)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_URING_CMD,
		.fd = ex->fd,
		.off = (uint32_t)(interface | opcode << 8),
		.rw_flags = flags,
	};

	memcpy((char *)&sqe + EMU_SQE_CMD, &iov, sizeof(iov));
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
	res = command(&ring, &ex, 0, EXMAP_OP_ALLOC, IORING_URING_CMD_FIXED, buffer);
	if (unserved(res)) {
		CHECK_EQ(ex_mapped(&ex), 0);
		SKIP("io_uring commands on the exmap fd not served by this backend");
	}
	CHECK_EQ(res, 1);
	CHECK(v[0].res == 0 && v[0].pages == 1 && v[1].res == 0 && v[1].pages == 4);
	CHECK(v[2].res == -EFAULT && v[2].pages == 0 && v[3].res == 0 && v[3].pages == 1);
	CHECK_EQ(ex_mapped(&ex), 6);
	/* Vectors that are not in the buffer, or not all. */
	buffer.iov_base = aligned_alloc(PAGE, PAGE);
	memset(buffer.iov_base, 0, PAGE);
	CHECK_EQ(command(&ring, &ex, 0, EXMAP_OP_ALLOC, IORING_URING_CMD_FIXED, buffer), -EFAULT);
	buffer.iov_base = v + PAGE / sizeof(*v) - 1;
	CHECK_EQ(command(&ring, &ex, 0, EXMAP_OP_ALLOC, IORING_URING_CMD_FIXED, buffer), -EFAULT);
	CHECK_EQ(ex_mapped(&ex), 6);
}

/* What the threads of command_that_loses_its_surface() share. */
static struct {
	struct ex ex;
	struct ring ring;
	struct exmap_iov *vectors;
	int res;
} losing;

static const uint64_t wanted[] = { 5, 0, 7 };

/* A READ of page 0 owns the page for long; a command waits for the page; the surface goes. */
static void lose_the_surface(int id)
{
	struct ex *ex = &losing.ex;

	switch (id) {
	case 0:
		any_answer(pread(ex->fd, ex_at(ex, 0), PAGE, read_offset(1, EXMAP_OP_READ)));
		break;
	case 1:
		usleep(50000);
		losing.res = command(&losing.ring, ex, 0, EXMAP_OP_ALLOC, IORING_URING_CMD_FIXED,
				     (struct iovec){ losing.vectors, sizeof(wanted) });
		break;
	default:
		usleep(150000);
		munmap(ex->base, ex->pages * PAGE);
	}
}

/*
 * Vectors of a command that fails stay as they were. A backend that lets the surface go while a
 * READ is in progress answers EPROTO here; one that does not has done the vectors by then.
 */
static void command_that_loses_its_surface(void)
{
	const char *path = getenv("EXMAP_TEST_BDEV_SLOW");
	struct exmap_iov *v = aligned_alloc(PAGE, PAGE);
	struct iovec buffer = { v, PAGE };
	int fd;

	if (!path)
		SKIP("EXMAP_TEST_BDEV_SLOW names no block device that takes long");
	fd = open(path, O_RDONLY | O_DIRECT);
	CHECK(fd >= 0);
	ring_start(&losing.ring, 4);
	ex_start(&losing.ex, 64, 2, 8, fd);
	if (syscall(SYS_io_uring_register, losing.ring.fd, IORING_REGISTER_BUFFERS, &buffer, 1))
		SKIP("no registered buffers here (%s)", strerror(errno));
	for (int i = 0; i < 3; i++)
		v[i] = (struct exmap_iov){ { .page = wanted[i], .len = 1 } };
	losing.vectors = v;
	run_threads(3, lose_the_surface);
	if (losing.res >= 0) {
		CHECK_EQ(losing.res, 0);
		CHECK(v[0].res == 0 && v[0].pages == 1 && v[2].res == 0 && v[2].pages == 1);
		return;
	}
	if (unserved(losing.res))
		SKIP("io_uring commands on the exmap fd not served by this backend");
	CHECK_EQ(losing.res, -EPROTO);
	for (int i = 0; i < 3; i++)
		CHECK(v[i].page == wanted[i] && v[i].len == 1);
}

/* Timers of a ring end while mmap() is at work: each interrupts what its thread waits for. */
static void completions_do_not_interrupt_mmap(void)
{
	enum { TIMERS = 64, ROUNDS = 10, MAPS = 8 };
	struct __kernel_timespec after[TIMERS];
	struct io_uring_sqe sqe = { .opcode = IORING_OP_TIMEOUT, .fd = -1, .len = 1 };
	struct ring ring;

	ring_start(&ring, TIMERS);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < TIMERS; i++) {
			after[i] = (struct __kernel_timespec){ .tv_nsec = 50000 * (i + 1) };
			sqe.addr = (uintptr_t)&after[i];
			ring_put(&ring, &sqe);
		}
		CHECK_EQ(syscall(SYS_io_uring_enter, ring.fd, TIMERS, 0, 0, NULL, 0), TIMERS);
		for (int i = 0; i < MAPS; i++) {
			int fd = ex_open();
			void *base = mmap(NULL, 64 * PAGE, RW, MAP_SHARED, fd, EXMAP_OFF_EXMAP);

			CHECK(base != MAP_FAILED);
			CHECK_EQ(munmap(base, 64 * PAGE), 0);
			close(fd);
		}
		/* Each timer that ends ends a wait, however many completions it was for. */
		for (int i = 0; i < TIMERS; i++) {
			while (!ring_ready(&ring))
				CHECK_EQ(syscall(SYS_io_uring_enter, ring.fd, 0, 1,
						 IORING_ENTER_GETEVENTS, NULL, 0),
					 0);
			CHECK_EQ(ring_take(&ring).res, -ETIME);
		}
	}
}

const struct test uring_tests[] = {
	{ "2.1", "completions_do_not_interrupt_mmap", completions_do_not_interrupt_mmap },
	{ "7.5", "io_uring_reads", io_uring_reads },
	{ "7.5", "readv_maps_and_fills", readv_maps_and_fills },
	{ "7.5", "no_buffer_to_select", no_buffer_to_select },
	{ "7.5", "command_maps_pages", command_maps_pages },
	{ "7.5", "command_of_fixed_vectors", command_of_fixed_vectors },
	{ "7.5", "command_that_loses_its_surface", command_that_loses_its_surface },
	{ 0 },
};
