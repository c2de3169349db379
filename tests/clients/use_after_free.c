// SPDX-License-Identifier: MIT
/*
 * use_after_free - a client for valgrind, with a deliberate bug or without
 *
 *	clean	alloc, free and reads, nothing wrong
 *	freed	the same, and one read of a page that has been freed
 *	uninit	the same, and one branch on a page that nobody has written
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/uio.h>

#include "check.h"
#include "use_after_free.h"

#define PAGES 64
#define FRAMES 32

static struct client pool;
static sigjmp_buf escape;
static volatile sig_atomic_t faults;

static void on_fault(int signum)
{
	(void)signum;
	faults++;
	siglongjmp(escape, 1);
}

static int filled(size_t page, size_t pages, unsigned char with)
{
	size_t i;

	for (i = 0; i < pages * PAGE; i++)
		if (pool.mem[page * PAGE + i] != with)
			return 0;
	return 1;
}

static void use_alloc(void)
{
	int round;

	for (round = 1; round < 4; round++) {
		CHECK(client_alloc(&pool, 0, 0, FRAMES) == FRAMES);
		memset(pool.mem, round, FRAMES * PAGE);
		CHECK(filled(0, FRAMES, (unsigned char)round));
		/* ALLOC of pages that are mapped already leaves them initialised. */
		CHECK(client_alloc(&pool, 1, 0, FRAMES) == 0);
		CHECK(filled(0, FRAMES, (unsigned char)round));
		CHECK(client_free(&pool, 1, 0, FRAMES) == FRAMES);
	}
	CHECK(pread(pool.fd, pool.mem + 40 * PAGE, 4 * PAGE, EXMAP_OP_ALLOC << 8) ==
	      4 * (long)PAGE);
	memset(pool.mem + 40 * PAGE, 9, 4 * PAGE);
	CHECK(filled(40, 4, 9));
	CHECK(client_free(&pool, 0, 40, 4) == 4);
}

static void use_read(void)
{
	struct iovec iov[2];
	int i;

	for (i = 0; i < 3; i++) {
		CHECK(pread(pool.fd, pool.mem + 8 * PAGE, 4 * PAGE, 0) == 4 * (long)PAGE);
		CHECK(filled(8, 4, 0x5a));
		iov[0].iov_base = pool.mem + 20 * PAGE;
		iov[0].iov_len = PAGE;
		iov[1].iov_base = pool.mem + 30 * PAGE;
		iov[1].iov_len = 2 * PAGE;
		CHECK(preadv(pool.fd, iov, 2, 1) == 3 * (long)PAGE);
		CHECK(filled(20, 1, 0x5a) && filled(30, 2, 0x5a));
		CHECK(client_free(&pool, 0, 0, PAGES) == 7);
	}
}

/* A file of 0x5a, open with O_DIRECT; -1 where there is none. */
static int backing(void)
{
	char name[] = "use_after_free.XXXXXX", *buf;
	int file = mkstemp(name), direct;

	check_need(file >= 0, "temporary file");
	buf = malloc(PAGES * PAGE);
	check_need(buf != NULL, "memory");
	memset(buf, 0x5a, PAGES * PAGE);
	check_need(write(file, buf, PAGES * PAGE) == PAGES * (long)PAGE, "write");
	free(buf);
	direct = open(name, O_RDONLY | O_DIRECT);
	unlink(name);
	close(file);
	return direct;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "clean";
	struct sigaction sa;
	int file = backing();

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_fault;
	CHECK(sigaction(SIGSEGV, &sa, NULL) == 0);
	check_need(client_open(&pool, PAGES, FRAMES, 2, file) == 0, "exmap");
	use_alloc();
	if (file >= 0)
		use_read();
	else
		check_skip("read", "no O_DIRECT on this file system");
	if (!strcmp(mode, "freed")) {
		if (sigsetjmp(escape, 1) == 0)
			CHECK(deliberate_read_of_freed_page(pool.mem, 3) == -1);
		CHECK(faults == 1);
	} else if (!strcmp(mode, "uninit")) {
		CHECK(client_alloc(&pool, 0, 5, 1) == 1);
		CHECK(deliberate_use_of_fresh_page(pool.mem, 5) > 0);
		CHECK(client_free(&pool, 0, 5, 1) == 1);
	} else {
		CHECK(!strcmp(mode, "clean"));
	}
	client_close(&pool);
	if (file >= 0)
		close(file);
	return check_done();
}
