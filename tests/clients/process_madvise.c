// SPDX-License-Identifier: MIT
/*
 * process_madvise - by that call, too, a process drops no page of its surface [2.6]
 *
 * On other memory, and on another process, the call is the kernel's.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "check.h"

#define PAGES 16

/* Since glibc 2.36. With an older one a client finds the shim's. */
extern ssize_t process_madvise(int pidfd, const struct iovec *ranges, size_t n, int advice,
			       unsigned int flags) __attribute__((weak));

static int intact(const struct client *c)
{
	size_t i;

	for (i = 0; i < PAGES * PAGE; i++)
		if (c->mem[i] != 7)
			return 0;
	return client_mapped(c->fd) == PAGES;
}

static ssize_t advise(int pidfd, void *addr, size_t len, int advice)
{
	struct iovec range = { addr, len };

	return process_madvise(pidfd, &range, 1, advice, 0);
}

int main(void)
{
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	struct iovec ranges[2];
	unsigned char *p;
	struct client c;
	pid_t child;
	int other;

	if (self < 0 || !check_emulated()) {
		check_skip("process_madvise", self < 0 ? "no pidfd" : "the kernel's");
		return check_done();
	}
	check_need(client_open(&c, PAGES, PAGES, 1, -1) == 0, "exmap");
	CHECK(client_alloc(&c, 0, 0, PAGES) == PAGES);
	memset(c.mem, 7, PAGES * PAGE);
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check_need(p != MAP_FAILED, "mmap");
	if (advise(self, p, PAGE, MADV_COLD) < 0 && errno == EPERM) {
		check_skip("process_madvise", "refused");
		return check_done();
	}
	memset(p, 1, 2 * PAGE);
	CHECK_ERR(advise(self, c.mem, PAGES * PAGE, MADV_DONTNEED), EINVAL);
	CHECK_ERR(advise(self, c.mem + 4 * PAGE, PAGE, MADV_DONTNEED), EINVAL);
	CHECK_ERR(advise(-10000, c.mem + 4 * PAGE, PAGE, MADV_DONTNEED), EINVAL);
	CHECK_ERR(syscall(SYS_process_madvise, self, &(struct iovec){ c.mem + 4 * PAGE, PAGE }, 1,
			  MADV_DONTNEED, 0),
		  EINVAL);
	CHECK(advise(self, c.mem + 4 * PAGE, 2 * PAGE, MADV_COLD) == (ssize_t)(2 * PAGE));
	CHECK(intact(&c));

	/* What is before a range that is refused counts; what is behind it is not done. */
	ranges[0] = (struct iovec){ p, PAGE };
	ranges[1] = (struct iovec){ c.mem, PAGE };
	CHECK(process_madvise(self, ranges, 2, MADV_COLD, 0) == (ssize_t)(2 * PAGE));
	if (advise(self, p, PAGE, MADV_DONTNEED) == (ssize_t)PAGE) {
		p[0] = 1;
		CHECK(process_madvise(self, ranges, 2, MADV_DONTNEED, 0) == (ssize_t)PAGE);
		CHECK(p[0] == 0 && intact(&c));
	} else {
		check_skip("process_madvise(MADV_DONTNEED) on oneself", "a kernel before 6.13");
	}
	ranges[0] = ranges[1];
	ranges[1] = (struct iovec){ p + PAGE, PAGE };
	CHECK_ERR(process_madvise(self, ranges, 2, MADV_DONTNEED, 0), EINVAL);
	CHECK(p[PAGE] == 1);
	CHECK_ERR(process_madvise(self, (struct iovec *)8, 1, MADV_COLD, 0), EFAULT);
	CHECK_ERR(process_madvise(self, ranges, 1, MADV_COLD, 1), EINVAL);
	CHECK_ERR(advise(-1, c.mem, PAGE, MADV_COLD), EBADF);

	/* Nothing is mapped there in the child. */
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	other = (int)syscall(SYS_pidfd_open, child, 0);
	/* EPERM: an ordinary user may advise nobody but himself. */
	CHECK(advise(other, c.mem, PAGE, MADV_COLD) < 0 && (errno == ENOMEM || errno == EPERM));
	kill(child, SIGKILL);
	CHECK(waitpid(child, NULL, 0) == child);
	close(other);
	close(self);
	munmap(p, 2 * PAGE);
	client_close(&c);
	return check_done();
}
