// SPDX-License-Identifier: MIT
/* access.c - section 6: the client's and the kernel's accesses */

#include "harness.h"

static void missing_page_is_segv_maperr(void)
{
	siginfo_t info;
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	for (int i = 0; i < 64; i += 9) {
		char *addr = ex_at(&ex, i) + i * 64 + 5;

		CHECK(faults(addr, i % 2, &info));
		CHECK_EQ(info.si_signo, SIGSEGV);
		CHECK_EQ(info.si_code, SEGV_MAPERR);
		CHECK(info.si_addr == addr);
	}
	CHECK_EQ(ALLOC(&ex, 0, 9, 1), 1);
	CHECK(!faults(ex_at(&ex, 9), true, &info));
	CHECK_EQ(FREE(&ex, 0, 9, 1), 1);
	CHECK(faults(ex_at(&ex, 9) + 77, true, &info));
	CHECK_EQ(info.si_code, SEGV_MAPERR);
	CHECK(info.si_addr == ex_at(&ex, 9) + 77);
}

static void missing_page_before_setup(void)
{
	siginfo_t info;
	int fd = ex_open();
	char *base = ex_map(fd, 8);

	CHECK(faults(base + 8, false, &info));
	CHECK_EQ(info.si_code, SEGV_MAPERR);
}

static void touch_without_handler(struct ex *ex)
{
	ex_start(ex, 64, 1, 8, -1);
	signal(SIGSEGV, SIG_DFL);
	*(volatile char *)ex_at(ex, 5) = 1;
}

static void touch_ignoring(struct ex *ex)
{
	ex_start(ex, 64, 1, 8, -1);
	signal(SIGSEGV, SIG_IGN);
	*(volatile char *)ex_at(ex, 5) = 1;
}

static void without_handler_the_client_dies_of_segv(void)
{
	struct ex ex;
	int status = status_of_child(touch_without_handler, &ex);

	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGSEGV);
	status = status_of_child(touch_ignoring, &ex);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGSEGV);
}

static volatile sig_atomic_t handled;

static void allocate_it(int sig)
{
	(void)sig;
	handled++;
}

static struct ex handler_ex;

static void allocate_in_handler(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	handled++;
	ALLOC(&handler_ex, 0, ((char *)info->si_addr - handler_ex.base) / PAGE, 1);
}

static void handler_may_allocate_and_return(void)
{
	struct sigaction action = {
		.sa_sigaction = allocate_in_handler,
		.sa_flags = SA_SIGINFO,
	};
	struct sigaction old;

	ex_start(&handler_ex, 64, 1, 8, -1);
	CHECK_EQ(sigaction(SIGSEGV, &action, NULL), 0);
	for (int i = 0; i < 8; i++)
		*(volatile char *)ex_at(&handler_ex, 3 * i) = i;
	CHECK_EQ(handled, 8);
	CHECK_EQ(sigaction(SIGSEGV, NULL, &old), 0);
	CHECK(old.sa_sigaction == allocate_in_handler);
	CHECK(old.sa_flags & SA_SIGINFO);
	CHECK((void *)signal(SIGSEGV, allocate_it) == (void *)allocate_in_handler);
	CHECK(signal(SIGSEGV, SIG_DFL) == allocate_it);
}

static void read_only_surface(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 64 };
	siginfo_t info;

	ex.base = mmap(NULL, 64 * PAGE, PROT_READ, MAP_SHARED, ex.fd, 0);
	CHECK(ex.base != MAP_FAILED);
	CHECK_EQ(ex_setup(ex.fd, -1, 1, 8, 0), 0);
	ex_interface(&ex, 0);
	CHECK_EQ(ALLOC(&ex, 0, 1, 1), 1);
	CHECK(!faults(ex_at(&ex, 1), false, &info));
	CHECK(faults(ex_at(&ex, 1), true, &info));
	CHECK_EQ(info.si_code, SEGV_ACCERR);
	CHECK_EQ(FREE(&ex, 0, 1, 1), 1);
	CHECK(faults(ex_at(&ex, 1), false, &info));
	CHECK_EQ(info.si_code, SEGV_MAPERR);
}

static void read_only_fd_maps_read_only(void)
{
	int fd = open("/dev/exmap", O_RDONLY);
	char *base;

	CHECK(fd >= 0);
	CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
	base = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(base != MAP_FAILED);
	CHECK_ERRNO(mprotect(base, PAGE, PROT_READ | PROT_WRITE), EACCES);
}

static void kernel_gets_efault_for_missing_pages(void)
{
	int zero = open("/dev/zero", O_RDONLY);
	int file = backing_file(16 * PAGE);
	int pipes[2];
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(pipe(pipes), 0);
	CHECK_ERRNO(write(pipes[1], ex_at(&ex, 5), PAGE), EFAULT);
	CHECK_ERRNO(read(zero, ex_at(&ex, 5), PAGE), EFAULT);
	CHECK_ERRNO(pread(file, ex_at(&ex, 5), PAGE, 0), EFAULT);
	CHECK_ERRNO(pwrite(file, ex_at(&ex, 5), PAGE, 0), EFAULT);
	CHECK_ERRNO(access(ex_at(&ex, 5), F_OK), EFAULT);
	CHECK_EQ(ex_mapped(&ex), 0);
	CHECK(faults(ex_at(&ex, 5), false, NULL));
}

static void kernel_uses_allocated_pages(void)
{
	unsigned char *copy = aligned_alloc(PAGE, PAGE);
	int file = backing_file(16 * PAGE);
	int pipes[2];
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(pipe(pipes), 0);
	CHECK_EQ(ALLOC(&ex, 0, 5, 2), 2);
	/* O_DIRECT into the page, and out of it. */
	CHECK_EQ(pread(file, ex_at(&ex, 5), PAGE, 5 * PAGE), PAGE);
	CHECK(page_is_backing(&ex, 5));
	memset(ex_at(&ex, 6), 0x3d, PAGE);
	CHECK_EQ(pwrite(file, ex_at(&ex, 6), PAGE, 9 * PAGE), PAGE);
	CHECK_EQ(pread(file, copy, PAGE, 9 * PAGE), PAGE);
	CHECK_EQ(memcmp(copy, ex_at(&ex, 6), PAGE), 0);
	/* And through a pipe. */
	CHECK_EQ(write(pipes[1], ex_at(&ex, 6), 100), 100);
	CHECK_EQ(read(pipes[0], ex_at(&ex, 5), 100), 100);
	CHECK_EQ(memcmp(ex_at(&ex, 5), ex_at(&ex, 6), 100), 0);
	CHECK_EQ(FREE(&ex, 0, 5, 2), 2);
	CHECK_ERRNO(pread(file, ex_at(&ex, 5), PAGE, 0), EFAULT);
}

const struct test access_tests[] = {
	{ "6.1", "missing_page_is_segv_maperr", missing_page_is_segv_maperr },
	{ "6.1", "missing_page_before_setup", missing_page_before_setup },
	{ "6.1", "without_handler_the_client_dies_of_segv",
	  without_handler_the_client_dies_of_segv },
	{ "6.1", "handler_may_allocate_and_return", handler_may_allocate_and_return },
	{ "6.1", "read_only_surface", read_only_surface },
	{ "6.1", "read_only_fd_maps_read_only", read_only_fd_maps_read_only },
	{ "6.2", "kernel_gets_efault_for_missing_pages", kernel_gets_efault_for_missing_pages },
	{ "6.2", "kernel_uses_allocated_pages", kernel_uses_allocated_pages },
	{ 0 },
};
