// SPDX-License-Identifier: MIT
/* two_devices - several exmaps in one process, and many names for one of them */
#include <sys/syscall.h>

#include "check.h"
#include "two_devices.h"

#define PAGES 64

/* Closes the exmaps in the order in which they were opened, or backwards. */
static void test_independent(int count, int backwards)
{
	struct client c[8];
	int i, closed, bad = 0;
	size_t page;

	for (i = 0; i < count; i++)
		check_need(client_open(&c[i], PAGES, 8 + i, 2, -1) == 0, "exmap");
	for (i = 0; i < count; i++)
		bad += client_alloc(&c[i], i % 2, 0, 8 + i) != 8 + i;
	for (i = 0; i < count; i++)
		for (page = 0; page < 8 + (size_t)i; page++)
			memset(c[i].mem + page * PAGE, i * 16 + (int)page, PAGE);
	CHECK(bad == 0);
	for (i = 0; i < count; i++) {
		for (page = 0; page < 8 + (size_t)i; page++)
			bad += c[i].mem[page * PAGE + 77] != (unsigned char)(i * 16 + (int)page);
		bad += client_mapped(c[i].fd) != 8 + i;
	}
	CHECK(bad == 0);

	/* Each exmap has a pool of its own: a frame freed in one does not help another. */
	CHECK(client_free(&c[0], 0, 0, 8) == 8);
	for (i = 1; i < count; i++)
		bad += client_alloc(&c[i], 0, 40, 1) != -1 || errno != ENOMEM;
	CHECK(bad == 0);
	CHECK(client_alloc(&c[0], 1, 50, 8) == 8);

	/* Closing one leaves the others as they are. (The pages of c[0] have changed since.) */
	for (closed = 0; closed < count; closed++) {
		client_close(&c[backwards ? count - 1 - closed : closed]);
		for (i = 1; i < count; i++) {
			if (backwards ? i >= count - 1 - closed : i <= closed)
				continue;
			for (page = 0; page < 8 + (size_t)i; page++)
				bad += c[i].mem[page * PAGE + 78] !=
				       (unsigned char)(i * 16 + (int)page);
			bad += client_mapped(c[i].fd) != 8 + i;
		}
	}
	CHECK(bad == 0);
}

static void test_clone(int original_first)
{
	int plain = open("/dev/null", O_RDWR);
	struct client a, b;
	int clone = open("/dev/exmap", O_RDWR), second = open("/dev/exmap", O_RDWR);

	check_need(client_open(&a, PAGES, 16, 2, -1) == 0, "exmap");
	check_need(client_open(&b, PAGES, 16, 2, -1) == 0, "exmap");
	CHECK_ERR(ioctl(clone, EXMAP_IOCTL_CLONE, clone), EINVAL);
	CHECK_ERR(ioctl(clone, EXMAP_IOCTL_CLONE, plain), EINVAL);
	CHECK_ERR(ioctl(clone, EXMAP_IOCTL_CLONE, 4000), EBADFD);
	CHECK(ioctl(clone, EXMAP_IOCTL_CLONE, a.fd) == 0);
	CHECK_ERR(ioctl(second, EXMAP_IOCTL_CLONE, clone), EINVAL);
	close(plain);
	close(second);

	/* An action on the clone acts on a, and not on b. */
	a.iface[1]->iov[0].value = 3 | 4ull << 52;
	CHECK(client_action(clone, 1, EXMAP_OP_ALLOC, 1) == 0);
	CHECK(a.iface[1]->iov[0].pages == 4);
	CHECK(client_mapped(clone) == 4 && client_mapped(a.fd) == 4 && client_mapped(b.fd) == 0);
	memset(a.mem + 3 * PAGE, 9, 4 * PAGE);
	if (original_first) {
		CHECK(close(a.fd) == 0);
		a.fd = clone;
	} else {
		CHECK(close(clone) == 0);
	}
	CHECK(a.mem[4 * PAGE] == 9);
	CHECK(client_alloc(&a, 0, 20, 12) == 12);
	CHECK(client_free(&a, 0, 3, 4) == 4);
	CHECK(client_alloc(&b, 0, 0, 16) == 16);
	client_close(&a);
	CHECK(client_free(&b, 1, 0, 16) == 16);
	client_close(&b);
}

/* The copy acts on the same exmap. */
static void check_copy(struct client *c, int copy)
{
	long before = client_mapped(c->fd);

	if (!CHECK(copy >= 0))
		return;
	c->iface[0]->iov[0].value = 30 | 2ull << 52;
	CHECK(client_action(copy, 0, EXMAP_OP_ALLOC, 1) == 0);
	CHECK(client_mapped(c->fd) == before + 2);
	CHECK((fcntl(copy, F_GETFL) & O_ACCMODE) == O_RDWR);
	c->iface[0]->iov[0].value = 30 | 2ull << 52;
	CHECK(client_action(copy, 0, EXMAP_OP_FREE, 1) == 0);
	CHECK(close(copy) == 0);
	CHECK_ERR(client_mapped(copy), EBADF);
	CHECK(client_mapped(c->fd) == before);
}

static void test_copies(void)
{
	struct client c;
	int copy, was;

	check_need(client_open(&c, PAGES, 16, 1, -1) == 0, "exmap");
	CHECK(client_alloc(&c, 0, 0, 4) == 4);
	check_copy(&c, dup(c.fd));
	check_copy(&c, dup2(c.fd, 200));
	check_copy(&c, dup3(c.fd, 201, O_CLOEXEC));
	copy = fcntl(c.fd, F_DUPFD, 300);
	CHECK(copy >= 300 && !(fcntl(copy, F_GETFD) & FD_CLOEXEC));
	check_copy(&c, copy);
	copy = fcntl(c.fd, F_DUPFD_CLOEXEC, 300);
	CHECK(copy >= 300 && (fcntl(copy, F_GETFD) & FD_CLOEXEC));
	check_copy(&c, copy);
	CHECK(dup2(c.fd, c.fd) == c.fd);
	CHECK_ERR(dup3(c.fd, c.fd, 0), EINVAL);
	CHECK((fcntl(c.fd, F_GETFL) & O_ACCMODE) == O_RDWR);

	/* Another file gets a number that was an exmap's. */
	copy = dup(c.fd);
	was = open("/dev/null", O_RDWR);
	CHECK(dup2(was, copy) == copy);
	CHECK_ERR(client_mapped(copy), ENOTTY);
	CHECK(write(copy, "x", 1) == 1);
	close(was);
	close(copy);

	/* The exmap lives until its last descriptor is closed. */
	copy = fcntl(c.fd, F_DUPFD, 400);
	CHECK(close(c.fd) == 0);
	c.fd = copy;
	CHECK(client_alloc(&c, 0, 4, 4) == 4);
	copy = dup2(c.fd, 450);
	CHECK(copy == 450 && dup2(c.fd, 451) == 451);
	CHECK(close_range(450, 460, 0) == 0);
	CHECK_ERR(client_mapped(450), EBADF);
	CHECK_ERR(client_mapped(451), EBADF);
	CHECK(client_mapped(c.fd) == 8);
	client_close(&c);
}

static int usable(struct client *c)
{
	return client_alloc(c, 0, 0, 16) == 16 && memset(c->mem, 1, 16 * PAGE) &&
	       client_free(c, 0, 0, 16) == 16;
}

/* Some programs close every descriptor that they do not know, the emulator's included. */
static void test_close_all_others(void)
{
	struct client c;
	int fd;

	check_need(client_open(&c, PAGES, 16, 1, -1) == 0, "exmap");
	CHECK(usable(&c));
	for (fd = 3; fd < 65536; fd++)
		if (fd != c.fd)
			close(fd);
	CHECK(usable(&c));
	for (fd = 3; fd < 65536; fd++)
		if (fd != c.fd)
			syscall(SYS_close, fd);
	CHECK(usable(&c));
	CHECK(close_range((unsigned int)c.fd + 1, ~0U, 0) == 0 && usable(&c));
	CHECK(syscall(SYS_close_range, c.fd + 1, ~0U, 0) == 0 && usable(&c));
	closefrom(c.fd + 1);
	CHECK(usable(&c));
	client_close(&c);
}

/* After the last close the mapping lives on, and another file may get the number. */
static void test_close_while_mapped(void)
{
	struct client c;
	int fd;

	check_need(client_open(&c, PAGES, 16, 1, -1) == 0, "exmap");
	CHECK(client_alloc(&c, 0, 0, 4) == 4);
	memset(c.mem, 5, 4 * PAGE);
	CHECK(close(c.fd) == 0);
	fd = open("/dev/null", O_RDWR);
	CHECK_ERR(client_mapped(fd), ENOTTY);
	CHECK(c.mem[3 * PAGE + 9] == 5);
	CHECK(munmap(c.mem, PAGES * PAGE) == 0);
	CHECK(munmap(c.iface[0], PAGE) == 0);
	close(fd);
}

int main(void)
{
	unsigned int failed, passed = 0;

	test_independent(2, 0);
	test_independent(2, 1);
	test_independent(8, 0);
	test_independent(8, 1);
	test_clone(0);
	test_clone(1);
	test_copies();
	test_close_while_mapped();
	test_close_all_others();
	failed = test_names(&passed);
	check_passed += passed;
	check_failed += failed;
	return check_done();
}
