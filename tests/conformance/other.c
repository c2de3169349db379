// SPDX-License-Identifier: MIT
/* other.c - section 7: STATS, CLONE, page-table export, and other ways in */

#include "harness.h"
#include "ring.h"

#include <sys/syscall.h>

#define MIB2 (2UL << 20)

static void stats_in_every_state(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 64 };
	struct exmap_ioctl_stats stats = ex_stats(ex.fd);

	CHECK(!stats.flags && !stats.buffer_size && !stats.alloc_count && !stats.max_interfaces);
	ex.base = ex_map(ex.fd, 64);
	CHECK_EQ(ex_stats(ex.fd).flags & 1, 0);
	CHECK_EQ(ex_setup(ex.fd, -1, 3, 20, 0), 0);
	for (int i = 0; i < 3; i++)
		ex_interface(&ex, i);
	CHECK_EQ(ALLOC(&ex, 0, 0, 7), 7);
	CHECK_EQ(ALLOC(&ex, 2, 20, 5), 5);
	CHECK_EQ(FREE(&ex, 1, 0, 3), 3);
	stats = ex_stats(ex.fd);
	CHECK_EQ(stats.flags & 1, 1);
	CHECK_EQ(stats.buffer_size, 20);
	CHECK_EQ(stats.max_interfaces, 3);
	CHECK_EQ(stats.alloc_count, 9);
	CHECK_EQ(munmap(ex.base, 64 * PAGE), 0);
	stats = ex_stats(ex.fd);
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
	CHECK_EQ(ex_stats(clone.fd).max_interfaces, 2);
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
		CHECK_EQ(ex_stats(ex.fd).buffer_size, 8);
		close(ex.fd);
	}
}

/* A surface at a given distance from a multiple of 2 MiB. */
static void start_skewed(struct ex *ex, size_t skew, size_t pages, int frames)
{
	char *room = hole(pages * PAGE + 2 * MIB2);
	char *start = (char *)(((uintptr_t)room + MIB2 - 1) & ~(MIB2 - 1)) + skew;

	*ex = (struct ex){ .fd = ex_open(), .pages = pages };
	ex->base = mmap(start, pages * PAGE, RW, MAP_SHARED | MAP_FIXED, ex->fd, 0);
	CHECK(ex->base == start);
	CHECK_EQ(ex_setup(ex->fd, -1, 1, frames, 0), 0);
	ex_interface(ex, 0);
}

static void *export_words(int fd, size_t length, int prot)
{
	return mmap(NULL, length, prot, MAP_SHARED, fd, EXMAP_OFF_PTEXPORT);
}

static void export_shows_each_page(void)
{
	volatile uint64_t *words;
	struct ex ex;

	start_skewed(&ex, 0, 1024, 100);
	words = export_words(ex.fd, ex.pages * 8, PROT_READ);
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

	CHECK_ERRNO((long)export_words(ex.fd, PAGE, PROT_READ), EPROTO);
	start_skewed(&ex, 0, 512, 8);
	CHECK_ERRNO((long)export_words(ex.fd, 2 * PAGE, PROT_READ), EOVERFLOW);
	CHECK_ERRNO((long)export_words(ex.fd, PAGE, RW), EACCES);
	CHECK(export_words(ex.fd, PAGE, PROT_READ) != MAP_FAILED);
	CHECK_ERRNO((long)export_words(ex.fd, PAGE, PROT_READ), EBUSY);
}

static void export_of_an_unaligned_surface_is_efault(void)
{
	int fd = ex_open();

	ex_map(fd, 3);
	CHECK_ERRNO((long)export_words(fd, PAGE, PROT_READ), EFAULT);
}

static void export_is_read_only(void)
{
	char *words;
	struct ex ex;

	start_skewed(&ex, 0, 512, 8);
	words = export_words(ex.fd, PAGE, PROT_READ);
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
