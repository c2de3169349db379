// SPDX-License-Identifier: MIT
/* kernel_access.c - clause 6.2: system calls and I/O touch the surface */

#include "harness.h"

#include <sys/stat.h>

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

/* Pages 5 and 7 are mapped, 6 and 8 are not: transfers stop before those. */
static void transfers_end_at_a_missing_page(void)
{
	int zero = open("/dev/zero", O_RDONLY), memory = memfd_create("target", 0), pipes[2];
	char *copy = malloc(2 * PAGE);
	struct iovec iov[2];
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(pipe(pipes), 0);
	CHECK_EQ(ALLOC(&ex, 0, 5, 1), 1);
	CHECK_EQ(ALLOC(&ex, 0, 7, 1), 1);
	memset(ex_at(&ex, 5), 0x29, PAGE);
	iov[0] = (struct iovec){ ex_at(&ex, 5), PAGE };
	iov[1] = (struct iovec){ ex_at(&ex, 6), PAGE };
	CHECK_EQ(writev(pipes[1], iov, 2), PAGE);
	CHECK_EQ(read(pipes[0], copy, 2 * PAGE), PAGE);
	CHECK_EQ(memcmp(copy, ex_at(&ex, 5), PAGE), 0);
	CHECK_EQ(write(memory, ex_at(&ex, 5), 2 * PAGE), PAGE);
	CHECK_EQ(readv(zero, iov, 2), PAGE);
	CHECK_EQ(read(zero, ex_at(&ex, 7), 2 * PAGE), PAGE);
	CHECK_EQ(*ex_at(&ex, 5), 0);
	CHECK_ERRNO(read(zero, ex_at(&ex, 6), PAGE), EFAULT);
	CHECK_ERRNO(writev(pipes[1], iov + 1, 1), EFAULT);
}

static void the_kernel_loses_freed_pages_too(void)
{
	int file = backing_file(16 * PAGE), pipes[2];
	struct stat st;
	struct ex ex;

	ex_start(&ex, 64, 1, 8, -1);
	CHECK_EQ(pipe(pipes), 0);
	for (int i = 0; i < 50; i++) {
		CHECK_EQ(ALLOC(&ex, 0, 5, 1), 1);
		strcpy(ex_at(&ex, 5), "/");
		CHECK_EQ(stat(ex_at(&ex, 5), &st), 0);
		CHECK_EQ(fstat(file, (void *)ex_at(&ex, 5)), 0);
		CHECK_EQ(pread(file, ex_at(&ex, 5) + 512, 512, 512), 512);
		CHECK_EQ((unsigned char)ex_at(&ex, 5)[600], backing_byte(600));
		CHECK_EQ(FREE(&ex, 0, 5, 1), 1);
		CHECK_ERRNO(stat(ex_at(&ex, 5), &st), EFAULT);
		CHECK_ERRNO(fstat(file, (void *)ex_at(&ex, 5)), EFAULT);
		CHECK_ERRNO(pread(file, ex_at(&ex, 5), PAGE, 0), EFAULT);
		CHECK_ERRNO(write(pipes[1], ex_at(&ex, 5), 1), EFAULT);
		CHECK_ERRNO(pipe((int *)ex_at(&ex, 5)), EFAULT);
	}
}

const struct test kernel_access_tests[] = {
	{ "6.2", "kernel_gets_efault_for_missing_pages", kernel_gets_efault_for_missing_pages },
	{ "6.2", "kernel_uses_allocated_pages", kernel_uses_allocated_pages },
	{ "6.2", "transfers_end_at_a_missing_page", transfers_end_at_a_missing_page },
	{ "6.2", "the_kernel_loses_freed_pages_too", the_kernel_loses_freed_pages_too },
	{ 0 },
};
