// SPDX-License-Identifier: MIT
/*
 * probe.c - is a page there? And files to read pages from.
 */
#include "probe.h"
#include "life.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static sigjmp_buf landing;
static volatile bool armed;
static volatile int seen_code;
static void *volatile seen_addr;

static void on_segv(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	if (!armed)
		fail("unexpected SIGSEGV (code %d) at %p", info->si_code, info->si_addr);
	armed = false;
	seen_code = info->si_code;
	seen_addr = info->si_addr;
	siglongjmp(landing, 1);
}

void probe_init(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = on_segv;
	sa.sa_flags = SA_SIGINFO | SA_NODEFER;
	if (sigaction(SIGSEGV, &sa, NULL))
		fail("sigaction: %s", strerror(errno));
}

bool probe_load(const void *p)
{
	static volatile char sink __attribute__((unused));
	char byte;

	/* With the mask: ThreadSanitizer runs handlers with all signals blocked. */
	if (sigsetjmp(landing, 1)) {
		if (seen_code != SEGV_MAPERR || seen_addr != p)
			fail("fault at %p told as code %d at %p", p, seen_code, seen_addr);
		return false;
	}
	armed = true;
	/* One instruction that no sanitizer looks at first. */
	__asm__ volatile("movb (%1), %0" : "=q"(byte) : "r"(p) : "memory");
	armed = false;
	sink = byte; /* valgrind leaves out loads that nobody needs */
	return true;
}

uint64_t backing_word(size_t offset)
{
	return (offset / 8 + 1) * 0xd6e8feb86659fd93ULL;
}

/* An empty file in @dir that can be opened O_DIRECT, or -1. */
static int create_in(const char *dir, int *direct)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/exmap-test-XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -1;
	*direct = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	unlink(path);
	if (*direct < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int backing_create(size_t bytes)
{
	const char *dirs[] = { getenv("EXMAP_TEST_DIR"), ".", "/var/tmp", "/dev/shm" };
	size_t first = dirs[0] ? 0 : 1, last = dirs[0] ? 1 : sizeof(dirs) / sizeof(dirs[0]);
	uint64_t page[PAGE / 8];
	int fd = -1, direct = -1;

	for (size_t i = first; i < last && fd < 0; i++)
		fd = create_in(dirs[i], &direct);
	if (fd < 0)
		fail("no directory for an O_DIRECT file: set EXMAP_TEST_DIR");
	for (size_t at = 0; at < bytes; at += PAGE) {
		size_t n = bytes - at < PAGE ? bytes - at : PAGE;

		for (size_t i = 0; i < PAGE / 8; i++)
			page[i] = backing_word(at + i * 8);
		if (write(fd, page, n) != (ssize_t)n)
			fail("write of the backing file: %s", strerror(errno));
	}
	if (fsync(fd))
		fail("fsync of the backing file: %s", strerror(errno));
	close(fd);
	return direct;
}
