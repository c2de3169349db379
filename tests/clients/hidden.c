// SPDX-License-Identifier: MIT
/* hidden - descriptors of the emulator's own: a program that closes all it can leaves them alone */
#include <dirent.h>
#include <limits.h>
#include <linux/close_range.h>

#include "check.h"

#define MAX_HIDDEN 64

static int hidden[MAX_HIDDEN];
static char targets[MAX_HIDDEN][PATH_MAX];
static int nr_hidden;

static void target_of(int fd, char target[PATH_MAX])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, PATH_MAX - 1);
	target[n < 0 ? 0 : n] = '\0';
}

/* Those that the kernel has, and that are none to the program. */
static void find_hidden(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	check_need(dir != NULL, "/proc/self/fd");
	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (*entry->d_name == '.' || fcntl(fd, F_GETFD) >= 0)
			continue;
		check_need(nr_hidden < MAX_HIDDEN, "no more than 64 of them");
		target_of(fd, targets[nr_hidden]);
		hidden[nr_hidden++] = fd;
	}
	closedir(dir);
}

static int all_there(void)
{
	char now[PATH_MAX];
	int n = 0;

	for (int i = 0; i < nr_hidden; i++) {
		target_of(hidden[i], now);
		n += *now && !strcmp(now, targets[i]);
	}
	return n == nr_hidden;
}

static void test_one_by_one(int exmap)
{
	int null = open("/dev/null", O_RDWR);

	for (int i = 0; i < nr_hidden; i++) {
		int fd = hidden[i];

		CHECK_ERR(close(fd), EBADF);
		CHECK_ERR(dup(fd), EBADF);
		CHECK_ERR(dup2(fd, null), EBADF);
		CHECK_ERR(dup3(fd, null, O_CLOEXEC), EBADF);
		CHECK_ERR(fcntl(fd, F_DUPFD, 0), EBADF);
		CHECK_ERR(ioctl(exmap, EXMAP_IOCTL_CLONE, fd), EBADFD);
		/* The one number that is taken is not the program's to have. */
		CHECK_ERR(dup2(null, fd), EBUSY);
		CHECK_ERR(dup3(null, fd, 0), EBUSY);
		CHECK_ERR(dup2(exmap, fd), EBUSY);
	}
	CHECK(all_there());
	close(null);
}

static void test_ranges(void)
{
	for (int i = 0; i < nr_hidden; i++) {
		unsigned int fd = hidden[i];

		CHECK(close_range(fd, fd, 0) == 0);
		CHECK(close_range(fd - 1, fd, 0) == 0);
		CHECK(close_range(fd - 1, fd + 1, 0) == 0);
		CHECK(close_range(fd, fd + 1, CLOSE_RANGE_UNSHARE) == 0);
	}
	CHECK(all_there());
	CHECK_ERR(close_range(0, ~0U, 1U << 31), EINVAL);
	CHECK_ERR(close_range(4, 3, 0), EINVAL);
	CHECK(all_there());
}

/* What daemons do; the surface stays, with its pages [1.2]. */
static void test_all(unsigned int flags)
{
	struct client c;
	int null;

	check_need(client_open(&c, 64, 32, 1, -1) == 0, "exmap");
	check_need(client_alloc(&c, 0, 0, 8) == 8, "pages");
	null = open("/dev/null", O_RDWR);
	c.mem[5 * PAGE] = 5;
	CHECK(close_range(3, ~0U, flags) == 0);
	CHECK(all_there());
	CHECK_ERR(close(c.fd), EBADF);
	CHECK_ERR(close(null), EBADF);
	CHECK(c.mem[5 * PAGE] == 5);
	CHECK(munmap(c.mem, 64 * PAGE) == 0 && munmap(c.iface[0], PAGE) == 0);
}

int main(void)
{
	struct client c;

	if (!check_emulated()) {
		check_skip("hidden descriptors", "the emulator has some, the module none");
		return check_done() ? 1 : 77;
	}
	check_need(client_open(&c, 64, 32, 2, -1) == 0, "exmap");
	find_hidden();
	CHECK(nr_hidden > 0);
	test_one_by_one(c.fd);
	test_ranges();
	test_all(0);
	test_all(CLOSE_RANGE_UNSHARE);
	/* The first exmap's descriptor went with the others. */
	CHECK_ERR(client_alloc(&c, 0, 0, 1), EBADF);
	CHECK(munmap(c.mem, 64 * PAGE) == 0);
	return check_done();
}
