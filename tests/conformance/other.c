// SPDX-License-Identifier: MIT
/* other.c - section 7: STATS, CLONE, page-table export, and other ways in */

#include "harness.h"

#include <linux/io_uring.h>
#include <sys/syscall.h>

#define MIB2 (2UL << 20)

static struct exmap_ioctl_stats stats_of(int fd)
{
	struct exmap_ioctl_stats stats;

	memset(&stats, 0xff, sizeof(stats));
	CHECK_EQ(ioctl(fd, EXMAP_IOCTL_STATS, &stats), 0);
	return stats;
}

static void stats_in_every_state(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 64 };
	struct exmap_ioctl_stats stats = stats_of(ex.fd);

	CHECK(!stats.flags && !stats.buffer_size && !stats.alloc_count && !stats.max_interfaces);
	ex.base = ex_map(ex.fd, 64);
	CHECK_EQ(stats_of(ex.fd).flags & 1, 0);
	CHECK_EQ(ex_setup(ex.fd, -1, 3, 20, 0), 0);
	for (int i = 0; i < 3; i++)
		ex_interface(&ex, i);
	CHECK_EQ(ALLOC(&ex, 0, 0, 7), 7);
	CHECK_EQ(ALLOC(&ex, 2, 20, 5), 5);
	CHECK_EQ(FREE(&ex, 1, 0, 3), 3);
	stats = stats_of(ex.fd);
	CHECK_EQ(stats.flags & 1, 1);
	CHECK_EQ(stats.buffer_size, 20);
	CHECK_EQ(stats.max_interfaces, 3);
	CHECK_EQ(stats.alloc_count, 9);
	CHECK_EQ(munmap(ex.base, 64 * PAGE), 0);
	stats = stats_of(ex.fd);
	CHECK_EQ(stats.flags & 1, 0);
	CHECK_EQ(stats.buffer_size, 20);
	CHECK_EQ(stats.alloc_count, 0);
}

static void stats_bad_pointer_is_efault(void)
{
	int fd = ex_open();

	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_STATS, NULL), EFAULT);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_STATS, (void *)64), EFAULT);
}

static void clone_acts_on_the_other(void)
{
	struct ex ex, clone = { .fd = ex_open(), .pages = 64 };

	ex_start(&ex, 64, 2, 8, -1);
	CHECK_EQ(ioctl(clone.fd, EXMAP_IOCTL_CLONE, ex.fd), 0);
	CHECK_EQ(stats_of(clone.fd).max_interfaces, 2);
	CHECK_ERRNO(ex_setup(clone.fd, -1, 1, 1, 0), EBUSY);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, clone.fd, 0), EBUSY);
	ex_interface(&clone, 1);
	CHECK_EQ(ALLOC(&clone, 1, 3, 2), 2);
	*ex_at(&ex, 4) = 1;
	CHECK_EQ(FREE(&ex, 0, 3, 2), 2);
	ex.user[1]->iov[9].value = 77;
	CHECK_EQ(clone.user[1]->iov[9].value, 77);
	CHECK_EQ(ioctl(clone.fd, EXMAP_IOCTL_CLONE, ex.fd), 0);
}

static void clone_of_the_unfit(void)
{
	int fd = ex_open(), other = ex_open(), clone = ex_open();
	int pipes[2];

	CHECK_EQ(pipe(pipes), 0);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, pipes[0]), EINVAL);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, 999), EBADFD);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, -1), EBADFD);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, fd), EINVAL);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, dup(fd)), EINVAL);
	CHECK_EQ(ioctl(clone, EXMAP_IOCTL_CLONE, other), 0);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, clone), EINVAL);
	CHECK_EQ(ex_setup(fd, -1, 1, 1, 0), 0);
}

static void clone_and_original_close_in_any_order(void)
{
	for (int first = 0; first < 2; first++) {
		struct ex ex, clone = { .fd = ex_open(), .pages = 64 };

		ex_start(&ex, 64, 1, 8, -1);
		CHECK_EQ(ioctl(clone.fd, EXMAP_IOCTL_CLONE, ex.fd), 0);
		close(first ? clone.fd : ex.fd);
		if (!first)
			ex.fd = clone.fd;
		CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
		*ex_at(&ex, 7) = 1;
		CHECK_EQ(munmap(ex.base, 64 * PAGE), 0);
		CHECK_EQ(stats_of(ex.fd).buffer_size, 8);
		close(ex.fd);
	}
}

/* A surface on 2 MiB at both ends, whatever mmap() would choose. */
static void start_aligned(struct ex *ex, size_t blocks, int frames)
{
	char *hole = mmap(NULL, (blocks + 1) * MIB2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *start = (char *)(((uintptr_t)hole + MIB2 - 1) & ~(MIB2 - 1));

	*ex = (struct ex){ .fd = ex_open(), .pages = blocks * 512 };
	ex->base = mmap(start, blocks * MIB2, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			ex->fd, 0);
	CHECK(ex->base == start);
	CHECK_EQ(ex_setup(ex->fd, -1, 1, frames, 0), 0);
	ex_interface(ex, 0);
}

static void export_shows_each_page(void)
{
	volatile uint64_t *words;
	struct ex ex;

	start_aligned(&ex, 2, 100);
	words = mmap(NULL, ex.pages * 8, PROT_READ, MAP_SHARED, ex.fd, EXMAP_OFF_PTEXPORT);
	if (words == MAP_FAILED && errno == EPERM)
		SKIP("this backend has page-table export switched off");
	CHECK(words != MAP_FAILED);
	CHECK_EQ(words[0], 0);
	CHECK_EQ(ALLOC(&ex, 0, 0, 3), 3);
	CHECK_EQ(ALLOC(&ex, 0, 600, 1), 1);
	CHECK_EQ(words[3], 0);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(words[i] & 7, 7);
		CHECK(words[i] >> 63);
	}
	*ex_at(&ex, 600) = 1;
	CHECK_EQ(words[600] & 0x67, 0x67);
	CHECK(words[0] >> 12 != words[1] >> 12 && words[1] >> 12 != words[600] >> 12);
	CHECK_EQ(FREE(&ex, 0, 0, 1000), 4);
	CHECK_EQ(words[0] | words[1] | words[2] | words[600], 0);
}

static void export_errors(void)
{
	struct ex ex = { .fd = ex_open() };
	const int flags = MAP_SHARED;

	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, flags, ex.fd, EXMAP_OFF_PTEXPORT), EPROTO);
	start_aligned(&ex, 1, 8);
	CHECK_ERRNO((long)mmap(NULL, 2 * PAGE, PROT_READ, flags, ex.fd, EXMAP_OFF_PTEXPORT),
		    EOVERFLOW);
	CHECK_ERRNO(
		(long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags, ex.fd, EXMAP_OFF_PTEXPORT),
		EACCES);
	CHECK(mmap(NULL, PAGE, PROT_READ, flags, ex.fd, EXMAP_OFF_PTEXPORT) != MAP_FAILED);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, flags, ex.fd, EXMAP_OFF_PTEXPORT), EBUSY);
}

static void export_of_an_unaligned_surface_is_efault(void)
{
	int fd = ex_open();

	ex_map(fd, 3);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, EXMAP_OFF_PTEXPORT), EFAULT);
}

static void export_is_read_only(void)
{
	char *words;
	struct ex ex;

	start_aligned(&ex, 1, 8);
	words = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ex.fd, EXMAP_OFF_PTEXPORT);
	CHECK(words != MAP_FAILED);
	CHECK(faults(words, true, NULL));
	CHECK_ERRNO(mprotect(words, PAGE, PROT_READ | PROT_WRITE), EACCES);
}

static void system_call_400(void)
{
	struct ex ex;
	long ret;

	ex_start(&ex, 64, 1, 8, -1);
	ex_vector(&ex, 0, 0, 3, 2);
	errno = 0;
	ret = syscall(SYS_EXMAP_ACTION, ex.fd, EXMAP_OP_ALLOC, 0, 1);
	if (ret < 0 && errno == ENOSYS)
		SKIP("this backend does not offer system call 400");
	CHECK_EQ(ret, 0);
	CHECK_EQ(ex.user[0]->iov[0].pages, 2);
	*ex_at(&ex, 4) = 1;
	CHECK_ERRNO(syscall(SYS_EXMAP_ACTION, ex.fd, EXMAP_OP_ALLOC, 1, 1), EINVAL);
	CHECK_ERRNO(syscall(SYS_EXMAP_ACTION, ex.fd, EXMAP_OP_READ, 0, 1), EINVAL);
	CHECK_ERRNO(syscall(SYS_EXMAP_ACTION, ex.fd, EXMAP_OP_ALLOC, 0, 513), EINVAL);
	CHECK_ERRNO(syscall(SYS_EXMAP_ACTION, 999, EXMAP_OP_ALLOC, 0, 1), EBADF);
}

/* One READ through a ring, by hand: this must not depend on a library's way in. */
static int ring_read(int fd, void *addr, size_t len, off_t offset)
{
	struct io_uring_params params = { 0 };
	int ring = syscall(SYS_io_uring_setup, 2, &params);
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqe;
	char *sq, *cq;

	if (ring < 0)
		SKIP("no io_uring here (%s)", strerror(errno));
	sq = mmap(NULL, params.sq_off.array + params.sq_entries * 4, PROT_READ | PROT_WRITE,
		  MAP_SHARED, ring, IORING_OFF_SQ_RING);
	cq = mmap(NULL, params.cq_off.cqes + params.cq_entries * sizeof(*cqe),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	sqes = mmap(NULL, params.sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE, MAP_SHARED,
		    ring, IORING_OFF_SQES);
	CHECK(sq != MAP_FAILED && cq != MAP_FAILED && sqes != MAP_FAILED);
	sqes[0] = (struct io_uring_sqe){
		.opcode = IORING_OP_READ,
		.fd = fd,
		.addr = (uintptr_t)addr,
		.len = len,
		.off = offset,
	};
	*(unsigned int *)(sq + params.sq_off.array) = 0;
	__atomic_store_n((unsigned int *)(sq + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	CHECK_EQ(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0), 1);
	cqe = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
	return cqe->res;
}

static void io_uring_reads(void)
{
	struct ex ex;
	int ret;

	ex_start(&ex, 64, 1, 8, backing_file(64 * PAGE));
	ret = ring_read(ex.fd, ex_at(&ex, 5), 2 * PAGE, read_offset(0, EXMAP_OP_READ));
	if (ret < 0) {
		CHECK_EQ(ex_mapped(&ex), 0);
		SKIP("this backend does not serve io_uring (%s)", strerror(-ret));
	}
	CHECK_EQ(ret, 2 * PAGE);
	CHECK(page_is_backing(&ex, 5) && page_is_backing(&ex, 6));
	CHECK_EQ(ex_mapped(&ex), 2);
}

const struct test other_tests[] = {
	{ "7.1", "stats_in_every_state", stats_in_every_state },
	{ "7.1", "stats_bad_pointer_is_efault", stats_bad_pointer_is_efault },
	{ "7.2", "clone_acts_on_the_other", clone_acts_on_the_other },
	{ "7.2", "clone_of_the_unfit", clone_of_the_unfit },
	{ "7.2", "clone_and_original_close_in_any_order", clone_and_original_close_in_any_order },
	{ "7.3", "export_shows_each_page", export_shows_each_page },
	{ "7.3", "export_errors", export_errors },
	{ "7.3", "export_of_an_unaligned_surface_is_efault",
	  export_of_an_unaligned_surface_is_efault },
	{ "7.3", "export_is_read_only", export_is_read_only },
	{ "7.4", "system_call_400", system_call_400 },
	{ "7.5", "io_uring_reads", io_uring_reads },
	{ 0 },
};
