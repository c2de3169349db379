// SPDX-License-Identifier: MIT
/* more.c - sections 1 to 3: the corners that their first tests leave out */

#include "harness.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <termios.h>

static void other_calls_of_a_device(void)
{
	struct ex ex;
	struct iovec iov;
	struct termios termios;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 1), 1);
	iov = (struct iovec){ ex_at(&ex, 0), PAGE };
	CHECK_ERRNO(lseek(ex.fd, 10, SEEK_CUR), ESPIPE);
	CHECK_ERRNO(lseek(ex.fd, 0, SEEK_END), ESPIPE);
	CHECK_ERRNO(write(ex.fd, ex_at(&ex, 0), PAGE), EINVAL);
	CHECK_ERRNO(pwrite(ex.fd, ex_at(&ex, 0), PAGE, 0x100), EINVAL);
	CHECK_ERRNO(writev(ex.fd, &iov, 1), EINVAL);
	CHECK_ERRNO(pwritev(ex.fd, &iov, 1, 0), EINVAL);
	CHECK_ERRNO(ioctl(ex.fd, TCGETS, &termios), EINVAL);
	CHECK_ERRNO(ioctl(ex.fd, _IOC(_IOC_WRITE, 'k', 0, 24), &iov), EINVAL);
	CHECK_ERRNO(ioctl(ex.fd, _IOC(_IOC_READ, 'k', 2, 16), &iov), EINVAL);
	CHECK_ERRNO(ioctl(ex.fd, _IOC(_IOC_WRITE, 'j', 2, 16), &iov), EINVAL);
}

static void every_kind_of_dup(void)
{
	struct ex ex;
	int fds[5];

	ex_start(&ex, 64, 1, 8, -1);
	fds[0] = ex.fd;
	fds[1] = dup2(ex.fd, 200);
	fds[2] = dup3(ex.fd, 201, O_CLOEXEC);
	fds[3] = fcntl(ex.fd, F_DUPFD, 210);
	fds[4] = fcntl(fds[1], F_DUPFD_CLOEXEC, 220);
	for (int i = 0; i < 5; i++) {
		CHECK(fds[i] >= 0);
		ex.fd = fds[i];
		CHECK_EQ(ALLOC(&ex, 0, i, 1), 1);
		CHECK_EQ(ex_mapped(&ex), i + 1);
		CHECK_EQ(close(fds[i]), 0);
		CHECK_ERRNO(ex_action(&ex, 0, EXMAP_OP_FREE, 1), EBADF);
	}
	*ex_at(&ex, 4) = 1;
}

/* dup2() over the exmap closes it as close() does. */
static void dup2_over_it_closes(void)
{
	int null = open("/dev/null", O_RDWR);
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 3, 1), 1);
	*ex_at(&ex, 3) = 9;
	CHECK_EQ(dup2(null, ex.fd), ex.fd);
	CHECK_EQ(write(ex.fd, "x", 1), 1);
	CHECK_EQ(*ex_at(&ex, 3), 9);
	CHECK(faults(ex_at(&ex, 4), false, NULL));
}

static void try_everything(struct ex *ex)
{
	struct iovec iov = { ex_at(ex, 5), PAGE };

	CHECK_ERRNO(ex_action(ex, 0, EXMAP_OP_FREE, 1), EPROTO);
	CHECK_ERRNO(ex_action(ex, 0, EXMAP_OP_ALLOC, 0), EPROTO);
	CHECK_ERRNO(pread(ex->fd, ex_at(ex, 5), PAGE, 0), EPROTO);
	CHECK_ERRNO(read(ex->fd, ex_at(ex, 5), PAGE), EPROTO);
	CHECK_ERRNO(preadv(ex->fd, &iov, 1, 0x100), EPROTO);
	CHECK_ERRNO((long)mmap(NULL, 64 * PAGE, RW, MAP_SHARED, ex->fd, 0), EPROTO);
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, ex->fd, EXMAP_OFF_INTERFACE(0)), EPROTO);
	close(ex->fd);
	munmap(ex->base, 64 * PAGE);
}

static void fork_again(struct ex *ex)
{
	CHECK_EQ(status_of_child(try_everything, ex), 0);
	try_everything(ex);
}

static void children_get_eproto_and_harm_nothing(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, backing_file(64 * PAGE));
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	memset(ex.base, 0x42, 8 * PAGE);
	ex_vector(&ex, 0, 0, 0, 8);
	CHECK_EQ(status_of_child(fork_again, &ex), 0);
	CHECK_EQ(ex_mapped(&ex), 8);
	for (size_t i = 0; i < 8 * PAGE; i++)
		CHECK_EQ(ex.base[i], 0x42);
	CHECK_EQ(FREE(&ex, 0, 0, 8), 8);
	CHECK_EQ(ALLOC(&ex, 0, 50, 8), 8);
}

static void map_it(struct ex *ex)
{
	ex->base = ex_map(ex->fd, 64);
	CHECK_EQ(ex_setup(ex->fd, -1, 1, 8, 0), 0);
	ex_interface(ex, 0);
	CHECK_EQ(ALLOC(ex, 0, 0, 8), 8);
	memset(ex->base, 1, 8 * PAGE);
}

static void opened_before_fork_used_after(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 64 };

	CHECK_EQ(status_of_child(map_it, &ex), 0);
}

static void expect_no_mapping(struct ex *ex)
{
	CHECK(faults(ex_at(ex, 0), false, NULL));
	CHECK(faults(ex_at(ex, 1), true, NULL));
}

static void dofork_gives_a_child_nothing(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 0, 8), 8);
	*ex_at(&ex, 0) = 3;
	CHECK_EQ(madvise(ex.base, 64 * PAGE, MADV_DOFORK), 0);
	CHECK_EQ(status_of_child(expect_no_mapping, &ex), 0);
	CHECK_EQ(*ex_at(&ex, 0), 3);
}

static void length_and_flags_of_a_surface(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 2 };

	CHECK_ERRNO((long)mmap(NULL, 0, RW, MAP_SHARED, ex.fd, 0), EINVAL);
	ex.base = mmap(NULL, 5000, RW, MAP_SHARED_VALIDATE | MAP_POPULATE, ex.fd, 0);
	CHECK(ex.base != MAP_FAILED);
	CHECK_EQ(ex_setup(ex.fd, -1, 1, 8, 0), 0);
	ex_interface(&ex, 0);
	CHECK_EQ(ex_mapped(&ex), 0);
	CHECK(faults(ex.base, false, NULL));
	CHECK_EQ(ALLOC(&ex, 0, 2, 1), -EFAULT);
	CHECK_EQ(ALLOC(&ex, 0, 0, 2), 2);
	ex.base[2 * PAGE - 1] = 1;
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_PRIVATE, ex.fd, 0), EINVAL);
	CHECK_EQ(munmap(ex.base, 5000), 0);
	CHECK_EQ(ex_mapped(&ex), 0);
}

static void interface_errors_and_contents(void)
{
	struct exmap_user_interface *second;
	struct ex ex = { .fd = ex_open(), .pages = 64 };
	long last;

	CHECK_ERRNO((long)mmap(NULL, 2 * PAGE, RW, MAP_SHARED, ex.fd, EXMAP_OFF_INTERFACE(0)),
		    ENXIO);
	CHECK_EQ(ex_setup(ex.fd, -1, 256, 8, 0), 0);
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, ex.fd, EXMAP_OFF_INTERFACE(256)), ENXIO);
	CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, ex.fd, EXMAP_OFF_INTERFACE(70000)),
		    ENXIO);
	last = (long)mmap(NULL, PAGE, RW, MAP_SHARED, ex.fd, EXMAP_OFF_INTERFACE_MAX);
	CHECK(last == -1 && (errno == ENXIO || errno == EINVAL));
	ex.base = ex_map(ex.fd, 64);
	for (int i = 0; i < 256; i++) {
		ex_interface(&ex, i);
		for (int j = 0; j < 512; j++)
			CHECK_EQ(ex.user[i]->iov[j].value, 0);
		CHECK_EQ(ALLOC(&ex, i, 7, 1), 1);
		CHECK_EQ(FREE(&ex, 255 - i >= i ? i : 255 - i, 7, 1), 1);
	}
	second = ex.user[255];
	ex_interface(&ex, 255);
	CHECK_EQ(ALLOC(&ex, 255, 3, 2), 2);
	CHECK_EQ(second->iov[0].pages, 2);
	CHECK_EQ(munmap(ex.user[255], PAGE), 0);
	CHECK_EQ(second->iov[0].pages, 2);
}

static void other_offsets_before_setup(void)
{
	const uint64_t offsets[] = { PAGE, EXMAP_OFF_PTEXPORT + PAGE, 0xdffffffffffff000,
				     EXMAP_OFF_INTERFACE_MAX + PAGE, 1 };
	int fd = ex_open();

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		CHECK_ERRNO((long)mmap(NULL, PAGE, RW, MAP_SHARED, fd, offsets[i]), EINVAL);
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

static void failed_setup_leaves_ebadf_and_enxio(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 64 };

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

const struct test more_tests[] = {
	{ "1.1", "other_calls_of_a_device", other_calls_of_a_device },
	{ "1.2", "every_kind_of_dup", every_kind_of_dup },
	{ "1.2", "dup2_over_it_closes", dup2_over_it_closes },
	{ "1.4", "children_get_eproto_and_harm_nothing", children_get_eproto_and_harm_nothing },
	{ "1.4", "opened_before_fork_used_after", opened_before_fork_used_after },
	{ "1.4", "dofork_gives_a_child_nothing", dofork_gives_a_child_nothing },
	{ "2.1", "length_and_flags_of_a_surface", length_and_flags_of_a_surface },
	{ "2.2", "interface_errors_and_contents", interface_errors_and_contents },
	{ "2.3", "other_offsets_before_setup", other_offsets_before_setup },
	{ "3.1", "half_a_setup_is_efault", half_a_setup_is_efault },
	{ "3.1", "failed_setup_leaves_ebadf_and_enxio", failed_setup_leaves_ebadf_and_enxio },
	{ "3.3", "stranger_backings_are_ebadf", stranger_backings_are_ebadf },
	{ "3.3", "read_only_backing", read_only_backing },
	{ 0 },
};
