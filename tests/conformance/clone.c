// SPDX-License-Identifier: MIT
/* clone.c - clause 7.2: CLONE */

#include "harness.h"

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

/* SETUP, mappings and reads all go through the clone. */
static void clone_before_setup(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 64 };
	struct ex other = { .fd = ex_open(), .pages = 64 };

	CHECK_EQ(ioctl(ex.fd, EXMAP_IOCTL_CLONE, other.fd), 0);
	CHECK_EQ(ex_setup(ex.fd, backing_file(64 * PAGE), 1, 8, 0), 0);
	CHECK_ERRNO(ex_setup(other.fd, -1, 1, 8, 0), EBUSY);
	ex.base = ex_map(ex.fd, 64);
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, other.fd, 0), EBUSY);
	ex_interface(&ex, 0);
	CHECK_EQ(pread(ex.fd, ex_at(&ex, 9), PAGE, 0), PAGE);
	CHECK(page_is_backing(&ex, 9));
	CHECK_EQ(pread(other.fd, ex_at(&ex, 8), PAGE, 0), PAGE);
	CHECK_EQ(ex_mapped(&other), 2);
	CHECK_EQ(close(other.fd), 0);
	CHECK_EQ(FREE(&ex, 0, 0, 64), 2);
	CHECK_EQ(munmap(ex.base, 64 * PAGE), 0);
	CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_ALLOC, 0), EPROTO);
	ex.base = ex_map(ex.fd, 64);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
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

static void clone_of_other_files(void)
{
	int fd = ex_open(), closed = dup(fd);

	CHECK_EQ(close(closed), 0);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, closed), EBADFD);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, 0x7fffffff), EBADFD);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, backing_file(PAGE)), EINVAL);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, open("/dev/null", O_RDWR)), EINVAL);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_CLONE, open("/", O_RDONLY)), EINVAL);
	CHECK_EQ(ex_setup(fd, -1, 1, 8, 0), 0);
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

const struct test clone_tests[] = {
	{ "7.2", "clone_acts_on_the_other", clone_acts_on_the_other },
	{ "7.2", "clone_before_setup", clone_before_setup },
	{ "7.2", "clone_of_the_unfit", clone_of_the_unfit },
	{ "7.2", "clone_of_other_files", clone_of_other_files },
	{ "7.2", "clone_and_original_close_in_any_order", clone_and_original_close_in_any_order },
	{ 0 },
};
