// SPDX-License-Identifier: MIT
/* stats.c - clause 7.1: STATS */

#include "harness.h"

static void stats_in_every_state(void)
{
	struct ex ex = { .fd = ex_open(), .pages = 64 };
	struct exmap_ioctl_stats stats = ex_stats(ex.fd);

	CHECK(!stats.flags && !stats.buffer_size && !stats.alloc_count && !stats.max_interfaces);
	ex.base = ex_map(ex.fd, 64);
	CHECK_EQ(ex_stats(ex.fd).flags & 1, 0);
	CHECK_EQ(ex_setup(ex.fd, -1, 3, 20, 0), 0);
	for (int i = 0; i < 3; i++)
		ex_interface(&ex, i);
	CHECK_EQ(ALLOC(&ex, 0, 0, 7), 7);
	CHECK_EQ(ALLOC(&ex, 2, 20, 5), 5);
	CHECK_EQ(FREE(&ex, 1, 0, 3), 3);
	stats = ex_stats(ex.fd);
	CHECK_EQ(stats.flags & 1, 1);
	CHECK_EQ(stats.buffer_size, 20);
	CHECK_EQ(stats.max_interfaces, 3);
	CHECK_EQ(stats.alloc_count, 9);
	CHECK_EQ(munmap(ex.base, 64 * PAGE), 0);
	stats = ex_stats(ex.fd);
	CHECK_EQ(stats.flags & 1, 0);
	CHECK_EQ(stats.buffer_size, 20);
	CHECK_EQ(stats.alloc_count, 0);
}

static void stats_flag_needs_both_halves(void)
{
	int fd = ex_open();

	CHECK_EQ(ex_setup(fd, -1, 1, 8, 0), 0);
	CHECK_EQ(ex_stats(fd).flags & 1, 0);
	CHECK_EQ(ex_stats(fd).buffer_size, 8);
	ex_map(fd, 8);
	CHECK_EQ(ex_stats(fd).flags & 1, 1);
}

static void stats_bad_pointer_is_efault(void)
{
	int fd = ex_open();

	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_STATS, NULL), EFAULT);
	CHECK_ERRNO(ioctl(fd, EXMAP_IOCTL_STATS, (void *)64), EFAULT);
}

static void stats_writes_32_bytes(void)
{
	char *page = at_the_edge(PAGE);
	char *edge = page + PAGE;
	struct ex ex;

	ex_start(&ex, 64, 3, 8, backing_file(64 * PAGE));
	CHECK_EQ(pread(ex.fd, ex_at(&ex, 3), 2 * PAGE, 0), 2 * PAGE);
	memset(page, 0xee, PAGE);
	CHECK_EQ(ioctl(ex.fd, EXMAP_IOCTL_STATS, edge - 32), 0);
	CHECK_EQ(((struct exmap_ioctl_stats *)(edge - 32))->alloc_count, 2);
	CHECK_EQ((unsigned char)edge[-33], 0xee);
	CHECK_ERRNO(ioctl(ex.fd, EXMAP_IOCTL_STATS, edge - 16), EFAULT);
	CHECK_EQ(mprotect(page, PAGE, PROT_READ), 0);
	CHECK_ERRNO(ioctl(ex.fd, EXMAP_IOCTL_STATS, page), EFAULT);
}

const struct test stats_tests[] = {
	{ "7.1", "stats_in_every_state", stats_in_every_state },
	{ "7.1", "stats_flag_needs_both_halves", stats_flag_needs_both_halves },
	{ "7.1", "stats_bad_pointer_is_efault", stats_bad_pointer_is_efault },
	{ "7.1", "stats_writes_32_bytes", stats_writes_32_bytes },
	{ 0 },
};
