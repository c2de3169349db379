// SPDX-License-Identifier: MIT
/* setup.c - chapter 3: SETUP */

#include "harness.h"

#include <sys/eventfd.h>
#include <sys/socket.h>

static void second_setup_is_ebusy(void)
{
	int fd = ex_open();

	CHECK_EQ(ex_setup(fd, -1, 2, 8, 0), 0);
	CHECK_ERRNO(ex_setup(fd, -1, 2, 8, 0), EBUSY);
	CHECK_ERRNO(ex_setup(fd, 999, -1, 0, EXMAP_PAGEFAULT_ALLOC), EBUSY);
	CHECK_EQ(ex_stats(fd).max_interfaces, 2);
}

static void bad_pointer_is_efault(void)
{
	int fd = ex_open();

	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_SETUP, NULL), EFAULT);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_SETUP, (void *)8), EFAULT);
	CHECK_EQ(ex_setup(fd, -1, 1, 1, 0), 0);
}

static void half_a_setup_is_efault(void)
{
	struct exmap_ioctl_setup setup = { .fd = -1, .max_interfaces = 1, .buffer_size = 8 };
	void *half = at_the_edge(sizeof(setup) / 2);
	int fd = ex_open();

	memcpy(half, &setup, sizeof(setup) / 2);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_SETUP, half), EFAULT);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_SETUP, (void *)(1UL << 63)), EFAULT);
	memcpy(at_the_edge(sizeof(setup)), &setup, sizeof(setup));
	CHECK_EQ(ex_setup(fd, -1, 1, 8, 0), 0);
}

static void failure_changes_nothing(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 64 };

	NOT_IN_LEANSTORE("8.10");
	CHECK_ERRNO(ex_setup(ex.fd, -1, 7, 99, EXMAP_PAGEFAULT_ALLOC), EINVAL);
	CHECK_ERRNO(ex_setup(ex.fd, -1, 0, 99, 0), EINVAL);
	CHECK_ERRNO(ex_setup(ex.fd, 999, 7, 99, 0), EBADF);
	CHECK_EQ(ex_stats(ex.fd).max_interfaces, 0);
	CHECK_EQ(ex_stats(ex.fd).buffer_size, 0);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ex.fd, EXMAP_OFF_INTERFACE(0)),
		    ENXIO);
	CHECK_EQ(ex_setup(ex.fd, -1, 1, 5, 0), 0);
	CHECK_EQ(ex_stats(ex.fd).buffer_size, 5);
	ex.base = ex_map(ex.fd, 64);
	ex_interface(&ex, 0);
	CHECK_EQ(ALLOC(&ex, 0, 0, 5), 5);
	CHECK_EQ(ALLOC(&ex, 0, 5, 1), -ENOMEM);
}

static void failed_setup_leaves_ebadf_and_enxio(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 64 };

	NOT_IN_LEANSTORE("8.11");
	ex.base = ex_map(ex.fd, 64);
	for (int i = 0; i < 3; i++) {
		CHECK_ERRNO(ex_setup(ex.fd, -1, 3, i == 0 ? 0 : SIZE_MAX >> (11 + i), 0),
			    i == 0 ? EINVAL : ENOMEM);
		CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_ALLOC, 0), EBADF);
		CHECK_ERRNO(pread(ex.fd, ex.base, PAGE, 0x100), EINVAL);
		CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, ex.fd, EXMAP_OFF_INTERFACE(0)),
			    ENXIO);
		CHECK_EQ(ex_mapped(&ex), 0);
	}
	CHECK_EQ(ex_setup(ex.fd, -1, 1, 3, 0), 0);
	ex_interface(&ex, 0);
	CHECK_EQ(ALLOC(&ex, 0, 0, 4), -ENOMEM);
	CHECK_EQ(ex.user[0]->iov[0].pages, 3);
}

static void interfaces_are_1_to_256(void)
{
	const int bad[] = { 0, -1, -2147483647 - 1, 257, 100000 };
	int fd = ex_open();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_ERRNO(ex_setup(fd, -1, bad[i], 8, 0), EINVAL);
	CHECK_EQ(ex_setup(fd, -1, 256, 8, 0), 0);
	CHECK_EQ(ex_setup(ex_open(), -1, 1, 8, 0), 0);
}

static void no_frames_is_einval(void)
{
	CHECK_ERRNO(ex_setup(ex_open(), -1, 1, 0, 0), EINVAL);
}

static void too_many_frames_is_enomem(void)
{
	int fd = ex_open();

	CHECK_ERRNO(ex_setup(fd, -1, 1, 1UL << 40, 0), ENOMEM);
	CHECK_ERRNO(ex_setup(fd, -1, 1, SIZE_MAX, 0), ENOMEM);
	CHECK_ERRNO(ex_setup(fd, -1, 1, (size_t)sysconf(_SC_PHYS_PAGES) + 1, 0), ENOMEM);
	CHECK_EQ(ex_setup(fd, -1, 1, 8, 0), 0);
}

static void negative_fd_is_no_backing(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -2);
	CHECK_ERRNO(pread(ex.fd, ex.base, PAGE, read_offset(0, EXMAP_OP_READ)), EINVAL);
}

static void unfit_backing_is_ebadf(void)
{
	int fd = ex_open();
	int pipes[2];
	int direct = backing_file(PAGE);
	char path[64];

	CHECK_EQ(pipe(pipes), 0);
	CHECK_ERRNO(ex_setup(fd, 999, 1, 8, 0), EBADF);
	CHECK_ERRNO(ex_setup(fd, pipes[0], 1, 8, 0), EBADF);
	CHECK_ERRNO(ex_setup(fd, open("/", O_RDONLY), 1, 8, 0), EBADF);
	CHECK_ERRNO(ex_setup(fd, open("/dev/null", O_RDWR), 1, 8, 0), EBADF);
	CHECK_ERRNO(ex_setup(fd, ex_open(), 1, 8, 0), EBADF);
	CHECK_ERRNO(ex_setup(fd, fd, 1, 8, 0), EBADF);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", direct);
	CHECK_ERRNO(ex_setup(fd, open(path, O_RDONLY), 1, 8, 0), EBADF);
	CHECK_ERRNO(ex_setup(fd, open(path, O_WRONLY | O_DIRECT), 1, 8, 0), EBADF);
	CHECK_EQ(ex_setup(fd, direct, 1, 8, 0), 0);
}

static void stranger_backings_are_ebadf(void)
{
	int fd = ex_open(), direct = backing_file(PAGE), sockets[2], path_fd;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", direct);
	path_fd = open(path, O_PATH);
	CHECK(path_fd >= 0);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	CHECK_ERRNO(ex_setup(fd, path_fd, 1, 8, 0), EBADF);
	CHECK_ERRNO(ex_setup(fd, sockets[0], 1, 8, 0), EBADF);
	CHECK_ERRNO(ex_setup(fd, eventfd(0, 0), 1, 8, 0), EBADF);
	CHECK_ERRNO(ex_setup(fd, 0x7fffffff, 1, 8, 0), EBADF);
	CHECK_EQ(ex_setup(fd, -2147483647 - 1, 1, 8, 0), 0);
}

static void backing_may_be_closed(void)
{
	int direct = backing_file(8 * PAGE);
	struct ex ex;

	ex_start(&ex, 8, 1, 8, direct);
	CHECK_EQ(close(direct), 0);
	/* Another file gets the number of the backing's descriptor. */
	CHECK(open("/dev/null", O_RDWR) >= 0);
	CHECK_EQ(pread(ex.fd, ex_at(&ex, 2), PAGE, 0), PAGE);
	CHECK(page_is_backing(&ex, 2));
}

static void read_only_backing(void)
{
	int direct = backing_file(8 * PAGE);
	char path[64];
	struct ex ex;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", direct);
	direct = open(path, O_RDONLY | O_DIRECT);
	CHECK(direct >= 0);
	ex_start(&ex, 8, 1, 8, direct);
	CHECK_EQ(pread(ex.fd, ex.base, 8 * PAGE, 0), 8 * PAGE);
	CHECK(page_is_backing(&ex, 0) && page_is_backing(&ex, 7));
}

static void block_device_backing(void)
{
	const char *path = getenv("EXMAP_TEST_BDEV");
	unsigned char *page = aligned_alloc(PAGE, PAGE);
	struct ex ex;
	int fd;

	if (!path)
		SKIP("EXMAP_TEST_BDEV names no block device");
	fd = open(path, O_RDWR | O_DIRECT);
	CHECK(fd >= 0);
	memset(page, 0x5c, PAGE);
	CHECK_EQ(pwrite(fd, page, PAGE, 3 * PAGE), PAGE);
	ex_start(&ex, 8, 1, 8, fd);
	CHECK_EQ(pread(ex.fd, ex_at(&ex, 3), PAGE, 0), PAGE);
	CHECK_EQ(memcmp(ex_at(&ex, 3), page, PAGE), 0);
}

static void pagefault_alloc_is_einval(void)
{
	int fd = ex_open();

	NOT_IN_LEANSTORE("8.10");
	CHECK_ERRNO(ex_setup(fd, -1, 1, 8, EXMAP_PAGEFAULT_ALLOC), EINVAL);
	CHECK_EQ(ex_setup(fd, -1, 1, 8, 0), 0);
}

/* As in a field that the client has not initialised. */
static void pagefault_alloc_beside_others_is_ignored(void)
{
	CHECK_EQ(ex_setup(ex_open(), -1, 1, 8, ~0UL), 0);
	CHECK_EQ(ex_setup(ex_open(), -1, 1, 8, EXMAP_PAGEFAULT_ALLOC | EXMAP_ALLOC_PROBE), 0);
	CHECK_EQ(ex_setup(ex_open(), -1, 1, 8, EXMAP_PAGEFAULT_ALLOC | 1UL << 63), 0);
}

static void other_flags_are_ignored(void)
{
	CHECK_EQ(ex_setup(ex_open(), -1, 1, 8, ~(uint64_t)EXMAP_PAGEFAULT_ALLOC), 0);
	CHECK_EQ(ex_setup(ex_open(), -1, 1, 8, EXMAP_ALLOC_PROBE), 0);
}

/* Exactly @frames pages can be mapped, through whichever interfaces. */
static void check_capacity(size_t frames, int interfaces)
{
	struct ex ex;
	size_t mapped = 0;

	ex_start(&ex, frames + 1000, interfaces, frames, -1);
	for (int i = 0; mapped < frames; i++) {
		size_t want = frames - mapped < 37 ? frames - mapped : 37;

		CHECK_EQ(ALLOC(&ex, i % interfaces, mapped, want), want);
		mapped += want;
	}
	CHECK_EQ(ex_mapped(&ex), frames);
	for (int i = 0; i < interfaces; i++)
		CHECK_EQ(ALLOC(&ex, i, frames, 1), -ENOMEM);
	/* The same again through the last interface, when every interface has freed some. */
	for (size_t page = 0; page < frames; page++)
		CHECK_EQ(FREE(&ex, page % interfaces, page, 1), 1);
	for (size_t page = 0; page < frames; page += 500) {
		size_t want = frames - page < 500 ? frames - page : 500;

		CHECK_EQ(ALLOC(&ex, interfaces - 1, page, want), want);
	}
	CHECK_EQ(ALLOC(&ex, 0, frames, 1), -ENOMEM);
	CHECK_EQ(munmap(ex.base, ex.pages * PAGE), 0);
	close(ex.fd);
}

static void capacity_is_exact(void)
{
	const size_t sizes[] = { 1, 2, 100, 511, 512, 513, 1024, 2000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		check_capacity(sizes[i], 1);
		check_capacity(sizes[i], 7);
	}
	check_capacity(300, 256);
}

const struct test setup_tests[] = {
	{ "3.1", "second_setup_is_ebusy", second_setup_is_ebusy },
	{ "3.1", "bad_pointer_is_efault", bad_pointer_is_efault },
	{ "3.1", "half_a_setup_is_efault", half_a_setup_is_efault },
	{ "3.1", "failure_changes_nothing", failure_changes_nothing },
	{ "3.1", "failed_setup_leaves_ebadf_and_enxio", failed_setup_leaves_ebadf_and_enxio },
	{ "3.2", "interfaces_are_1_to_256", interfaces_are_1_to_256 },
	{ "3.2", "no_frames_is_einval", no_frames_is_einval },
	{ "3.2", "too_many_frames_is_enomem", too_many_frames_is_enomem },
	{ "3.3", "negative_fd_is_no_backing", negative_fd_is_no_backing },
	{ "3.3", "unfit_backing_is_ebadf", unfit_backing_is_ebadf },
	{ "3.3", "stranger_backings_are_ebadf", stranger_backings_are_ebadf },
	{ "3.3", "backing_may_be_closed", backing_may_be_closed },
	{ "3.3", "read_only_backing", read_only_backing },
	{ "3.3", "block_device_backing", block_device_backing },
	{ "3.4", "pagefault_alloc_is_einval", pagefault_alloc_is_einval },
	{ "3.4", "pagefault_alloc_beside_others_is_ignored",
	  pagefault_alloc_beside_others_is_ignored },
	{ "3.4", "other_flags_are_ignored", other_flags_are_ignored },
	{ "3.5", "capacity_is_exact", capacity_is_exact },
	{ 0 },
};
