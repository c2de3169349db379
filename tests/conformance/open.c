// SPDX-License-Identifier: MIT
/* open.c - clauses 1.1 to 1.3: what open() gives, its duplicates, its end */

#include "harness.h"

#include <sys/stat.h>
#include <termios.h>

static void opens_a_character_device(void)
{
	int fd = ex_open();
	struct stat st;

	CHECK_EQ(fstat(fd, &st), 0);
	CHECK(S_ISCHR(st.st_mode));
	CHECK_EQ(stat(test_device, &st), 0);
	CHECK(S_ISCHR(st.st_mode));
	CHECK_EQ(access(test_device, R_OK | W_OK), 0);
}

static void lseek_is_espipe(void)
{
	CHECK_ERRNO(lseek(ex_open(), 0, SEEK_SET), ESPIPE);
}

static void write_is_einval(void)
{
	int fd = ex_open();

	CHECK_ERRNO(write(fd, "x", 1), EINVAL);
	CHECK_ERRNO(pwrite(fd, "x", 1, 0), EINVAL);
}

static void unknown_ioctl_is_einval(void)
{
	int fd = ex_open();
	int argument = 0;

	CHECK_ERRNO(ioctl(fd, _IOC(_IOC_WRITE, 'k', 9, 4), &argument), EINVAL);
	CHECK_ERRNO(ioctl(fd, _IOC(_IOC_WRITE, 'k', 2, 4), &argument), EINVAL);
	CHECK_ERRNO(ioctl(fd, FIONREAD, &argument), EINVAL);
}

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

static void dup_is_the_same_exmap(void)
{
	struct ex ex;
	int copy;

	ex_start(&ex, 64, 1, 8, -1);
	copy = dup(ex.fd);
	CHECK(copy >= 0);
	close(ex.fd);
	ex.fd = copy;
	CHECK_EQ(ALLOC(&ex, 0, 3, 1), 1);
	CHECK_ERRNO(ex_setup(copy, -1, 1, 1, 0), EBUSY);
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

static void mapping_outlives_the_last_fd(void)
{
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(ALLOC(&ex, 0, 3, 1), 1);
	memset(ex_at(&ex, 3), 7, PAGE);
	CHECK_EQ(close(ex.fd), 0);
	CHECK_EQ(*ex_at(&ex, 3), 7);
	CHECK(faults(ex_at(&ex, 4), false, NULL));
	CHECK_EQ(munmap(ex.base, 64 * PAGE), 0);
	CHECK(faults(ex_at(&ex, 3), false, NULL));
}

static void exmaps_are_independent(void)
{
	struct ex a, b;

	ex_start(&a, 64, 1, 4, -1);
	ex_start(&b, 64, 1, 4, -1);
	CHECK_EQ(ALLOC(&a, 0, 0, 4), 4);
	CHECK_EQ(ALLOC(&a, 0, 4, 1), -ENOMEM);
	CHECK_EQ(ALLOC(&b, 0, 0, 4), 4);
	*ex_at(&a, 0) = 1;
	*ex_at(&b, 0) = 2;
	CHECK_EQ(*ex_at(&a, 0), 1);
	CHECK_EQ(munmap(a.base, 64 * PAGE), 0);
	close(a.fd);
	CHECK_EQ(*ex_at(&b, 0), 2);
	CHECK_EQ(FREE(&b, 0, 0, 4), 4);
}

const struct test open_tests[] = {
	{ "1.1", "opens_a_character_device", opens_a_character_device },
	{ "1.1", "lseek_is_espipe", lseek_is_espipe },
	{ "1.1", "write_is_einval", write_is_einval },
	{ "1.1", "unknown_ioctl_is_einval", unknown_ioctl_is_einval },
	{ "1.1", "other_calls_of_a_device", other_calls_of_a_device },
	{ "1.2", "dup_is_the_same_exmap", dup_is_the_same_exmap },
	{ "1.2", "every_kind_of_dup", every_kind_of_dup },
	{ "1.2", "dup2_over_it_closes", dup2_over_it_closes },
	{ "1.2", "mapping_outlives_the_last_fd", mapping_outlives_the_last_fd },
	{ "1.3", "exmaps_are_independent", exmaps_are_independent },
	{ 0 },
};
