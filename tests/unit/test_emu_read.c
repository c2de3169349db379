// SPDX-License-Identifier: MIT
/* test_emu_read.c - reads through the emulator, from a file opened O_DIRECT */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "device.h"
#include "emu/backing.h"
#include "emu/hidden_fd.h"
#include "emu/options.h"
#include "emu/uffd.h"
#include "emu/memory.h"
#include "file.h"

#define ALLOC EXMAP_OP_ALLOC
#define READ EXMAP_OP_READ
#define FREE EXMAP_OP_FREE
#define PAGE EXMAP_PAGE_SIZE

static void pages_are_filled_from_their_place_5_2(void **state)
{
	int fd = unit_file(300 * PAGE, O_RDWR | O_DIRECT);
	struct device *d = unit_device_new(1000, 400, fd);

	(void)state;
	/* The client may close the backing's fd [3.3]. */
	close(fd);
	assert_int_equal(unit_read_pages(d, 0, READ, 3, 1), PAGE);
	unit_expect_content(d, 3, PAGE);
	/* More pages than the bounce buffer holds, and not a multiple of that. */
	assert_int_equal(unit_read_pages(d, 1, READ, 10, 200), 200 * PAGE);
	unit_expect_content(d, 10, 200 * PAGE);
	assert_int_equal(unit_touch(d->base + 210 * PAGE, false), SEGV_MAPERR);
	/* The page is the client's: a store to it stays. */
	d->base[10 * PAGE] = 0;
	assert_int_equal(d->base[10 * PAGE], 0);
	assert_int_equal(unit_one(d, 2, FREE, 10, 1), 1);
	assert_int_equal(unit_read_pages(d, 1, READ, 10, 1), PAGE);
	unit_expect_content(d, 10, PAGE);
	unit_device_free(d);
}

/* Another userfaultfd of the process may have mapped a page that should be missing. */
static void page_that_is_there_already_is_read_over(void **state)
{
	static const char other[2 * PAGE] __attribute__((aligned(PAGE)));
	struct device *d;
	int fd, error;
	int uffd = emu_uffd_open();

	(void)state;
	if (uffd < 0 || emu_options()->strategy == EMU_STRATEGY_GUARD ||
	    emu_options()->strategy == EMU_STRATEGY_MPROTECT) {
		emu_close_hidden(uffd);
		print_message("no userfaultfd watches the surface\n");
		skip();
	}
	fd = unit_file(20 * PAGE, O_RDONLY | O_DIRECT);
	d = unit_device_new(100, 50, fd);
	close(fd);
	/* In the first round all slots are empty. */
	for (int round = 0; round < 2; round++) {
		assert_int_equal(emu_uffd_copy(uffd, d->base + 4 * PAGE, other, PAGE, &error),
				 PAGE);
		assert_int_equal(emu_uffd_copy(uffd, d->base + 7 * PAGE, other, 2 * PAGE, &error),
				 2 * PAGE);
		assert_int_equal(unit_read_pages(d, 0, READ, 3, 6), 6 * PAGE);
		unit_expect_content(d, 3, 6 * PAGE);
		assert_int_equal(unit_one(d, 0, FREE, 3, 6), 6);
		assert_int_equal(emu_uffd_copy(uffd, d->base + 4 * PAGE, other, PAGE, &error),
				 PAGE);
		assert_int_equal(unit_one(d, 0, ALLOC, 0, 50), 50);
		assert_int_equal(unit_one(d, 0, FREE, 0, 50), 50);
	}
	emu_close_hidden(uffd);
	unit_device_free(d);
}

static void alloc_by_read_needs_no_backing_5_2(void **state)
{
	struct device *d = unit_device_new(1000, 400, -1);

	(void)state;
	assert_int_equal(unit_read_pages(d, 0, READ, 3, 1), -EINVAL);
	assert_int_equal(unit_read_pages(d, 0, ALLOC, 3, 100), 100 * PAGE);
	for (u64 page = 3; page < 103; page++)
		assert_int_equal(unit_touch(d->base + page * PAGE, true), 0);
	unit_device_free(d);
}

static void end_of_the_file_5_5(void **state)
{
	static const u64 ends[] = { 0,
				    1,
				    511,
				    512,
				    1024,
				    PAGE - 1,
				    PAGE,
				    PAGE + 1,
				    PAGE + 512,
				    2 * PAGE + 4095,
				    64 * PAGE,
				    64 * PAGE + 512,
				    70 * PAGE - 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		u64 size = 5 * PAGE + ends[i];
		int fd = unit_file(size, O_RDONLY | O_DIRECT);
		struct device *d = unit_device_new(1000, 200, fd);
		u64 pages = (ends[i] + PAGE - 1) / PAGE;

		close(fd);
		assert_int_equal(unit_read_pages(d, 0, READ, 5, 100), ends[i]);
		unit_expect_content(d, 5, ends[i]);
		assert_int_equal(unit_stats(d->file).alloc_count, pages);
		assert_true(unit_touch(d->base + (5 + pages) * PAGE, false) > 0);
		assert_int_equal(unit_read_pages(d, 0, READ, 500, 3), 0);
		unit_device_free(d);
	}
}

/* A backing that is not read by whole blocks leaves in the rest what was there before. */
static void rest_of_the_last_page_is_zero_5_5(void **state)
{
	int fd = unit_file(3 * PAGE + 100, O_RDONLY | O_DIRECT);
	struct device *d = unit_device_new(100, 10, fd);

	(void)state;
	close(fd);
	assert_int_equal(fcntl(d->file->dev->backing_fd, F_SETFL, 0), 0);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(unit_one(d, 0, ALLOC, 50, 10), 10);
		memset(d->base + 50 * PAGE, 0xff, 10 * PAGE);
		assert_int_equal(unit_one(d, 0, FREE, 50, 10), 10);
		assert_int_equal(unit_read_pages(d, 0, READ, 0, 3), 3 * PAGE);
		assert_int_equal(unit_read_pages(d, 0, READ, 3, 5), 100);
		unit_expect_content(d, 3, 100);
		assert_int_equal(unit_one(d, 0, FREE, 0, 10), 4);
	}
	unit_device_free(d);
}

static void vectors_of_reads_5_2_5_3(void **state)
{
	int fd = unit_file(20 * PAGE, O_RDONLY | O_DIRECT);
	struct device *d = unit_device_new(100, 50, fd);
	struct iovec iov[] = { { d->base + 4 * PAGE, 2 * PAGE },
			       { NULL, 0 },
			       { d->base + 10 * PAGE, PAGE },
			       { d->base + 5 * PAGE, PAGE },
			       { d->base, PAGE } };

	(void)state;
	close(fd);
	assert_int_equal(unit_read(d->file, iov, 5, 0), 3 * PAGE);
	unit_expect_content(d, 4, 2 * PAGE);
	unit_expect_content(d, 10, PAGE);
	assert_int_equal(unit_touch(d->base, false), SEGV_MAPERR);
	unit_device_free(d);
}

static void reads_refused_5_1_5_4(void **state)
{
	struct exmap_file *file = emu_open(O_RDWR, EMU_NAME_PLAIN);
	struct device *d;
	struct iovec iov;

	(void)state;
	iov = (struct iovec){ NULL, PAGE };
	assert_int_equal(unit_read(file, &iov, 1, 0), -EINVAL);
	assert_int_equal(unit_setup(file, -1, 1, 10, 0), 0);
	assert_int_equal(unit_read(file, &iov, 1, ALLOC << 8), -EPROTO);
	emu_file_put(file);
	file = emu_open(O_WRONLY, EMU_NAME_PLAIN);
	assert_int_equal(unit_read(file, &iov, 1, 0), -EBADF);
	emu_file_put(file);

	d = unit_device_new(100, 50, -1);
	iov.iov_base = d->base;
	assert_int_equal(unit_read(d->file, &iov, 1, UNIT_INTERFACES | ALLOC << 8), -EINVAL);
	assert_int_equal(unit_read(d->file, &iov, 1, FREE << 8), -EINVAL);
	assert_int_equal(unit_read(d->file, &iov, 1, EXMAP_OP_WRITE << 8), -EINVAL);
	assert_int_equal(unit_read(d->file, &iov, 1, 1 << 16 | ALLOC << 8), -EINVAL);
	assert_int_equal(unit_read(d->file, &iov, 1, -1), -EINVAL);
	assert_int_equal(unit_read(d->file, &iov, -1, ALLOC << 8), -EINVAL);
	assert_int_equal(unit_read(d->file, &iov, 1025, ALLOC << 8), -EINVAL);
	assert_int_equal(unit_read(d->file, NULL, 1, ALLOC << 8), -EFAULT);
	assert_int_equal(unit_read(d->file, NULL, 0, ALLOC << 8), 0);
	/* The array of ranges is in a page that is not allocated. */
	assert_int_equal(unit_read(d->file, (void *)(d->base + 5 * PAGE), 2, ALLOC << 8), -EFAULT);
	assert_int_equal(unit_stats(d->file).alloc_count, 0);
	/* The interface must not be left locked. */
	assert_int_equal(unit_one(d, 0, ALLOC, 0, 1), 1);
	unit_device_free(d);
}

static void out_of_frames_5_4(void **state)
{
	int fd = unit_file(20 * PAGE, O_RDONLY | O_DIRECT);
	struct device *d = unit_device_new(100, 10, fd);

	(void)state;
	close(fd);
	assert_int_equal(unit_read_pages(d, 0, READ, 0, 11), -ENOMEM);
	assert_int_equal(unit_read_pages(d, 0, ALLOC, 0, 11), -ENOMEM);
	assert_int_equal(unit_read_pages(d, 0, READ, 0, 10), 10 * PAGE);
	assert_int_equal(unit_read_pages(d, 0, READ, 50, 1), -ENOMEM);
	unit_device_free(d);
}

/* If a read fails half-way, none of its pages stays mapped, and its neighbours do [5.6]. */
static void io_error_5_4_5_6(void **state)
{
	int fd = unit_file(20 * PAGE, O_RDONLY | O_DIRECT);
	struct device *d = unit_device_new(100, 50, fd);

	(void)state;
	assert_int_equal(unit_one(d, 0, ALLOC, 4, 1), 1);
	assert_int_equal(unit_one(d, 0, ALLOC, 8, 1), 1);
	/* Replace the emulator's own fd of the backing by one that cannot be read. */
	close(fd);
	fd = open("/", O_RDONLY | O_DIRECTORY);
	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, d->file->dev->backing_fd), d->file->dev->backing_fd);
	close(fd);
	assert_int_equal(unit_read_pages(d, 0, READ, 5, 3), -EISDIR);
	assert_int_equal(unit_stats(d->file).alloc_count, 2);
	for (u64 page = 5; page < 8; page++)
		assert_int_equal(unit_touch(d->base + page * PAGE, false), SEGV_MAPERR);
	assert_int_equal(unit_touch(d->base + 4 * PAGE, true), 0);
	assert_int_equal(unit_touch(d->base + 8 * PAGE, true), 0);
	unit_device_free(d);
}

static void backings_refused_3_3(void **state)
{
	int good = unit_file(PAGE, O_RDWR | O_DIRECT);
	char path[32];
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", good);
	assert_int_equal(emu_backing_open(1 << 30), -EBADF);
	for (int i = 0; i < 5; i++) {
		static const int flags[] = { O_RDWR, O_WRONLY | O_DIRECT, O_PATH, O_RDONLY,
					     O_PATH | O_DIRECT };

		fd = open(path, flags[i]);
		assert_true(fd >= 0);
		assert_int_equal(emu_backing_open(fd), -EBADF);
		close(fd);
	}
	fd = open("/dev/null", O_RDWR);
	assert_int_equal(emu_backing_open(fd), -EBADF);
	close(fd);

	fd = emu_backing_open(good);
	assert_true(fd >= 0);
	assert_int_not_equal(fd, good);
	assert_true(emu_fd_is_hidden(fd));
	/* A client cannot name one of the emulator's hidden fds as backing. */
	assert_int_equal(emu_backing_open(fd), -EBADF);
	close(good);
	emu_close_hidden(fd);
	assert_false(emu_fd_is_hidden(fd));
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static u32 count_hidden(void)
{
	u32 n = 0;

	for (int fd = 0; fd < 8192; fd++)
		n += emu_fd_is_hidden(fd);
	return n;
}

static void backing_of_a_setup_that_fails_is_let_go_3_1(void **state)
{
	int fd = unit_file(PAGE, O_RDONLY | O_DIRECT);
	struct exmap_file *file = emu_open(O_RDWR, EMU_NAME_PLAIN);
	u32 before = count_hidden();

	(void)state;
	unit_handle_faults();
	assert_int_equal(unit_setup(file, fd, 0, 10, 0), -EINVAL);
	assert_int_equal(unit_setup(file, fd, 1, SIZE_MAX, 0), -ENOMEM);
	assert_int_equal(count_hidden(), before);
	/* A later one without is one without. */
	assert_int_equal(unit_setup(file, -1, 1, 10, 0), 0);
	close(fd);
	emu_file_put(file);
	assert_int_equal(count_hidden(), before);
}

/* Content must be there whatever the client may do with the pages [2.6]. */
static void read_into_a_surface_that_is_read_only(void **state)
{
	int fd = unit_file(20 * PAGE, O_RDONLY | O_DIRECT);
	struct device *d = unit_device_new(100, 50, fd);

	(void)state;
	close(fd);
	assert_int_equal(emu_mprotect(d->base, 100 * PAGE, PROT_READ), 0);
	assert_int_equal(unit_read_pages(d, 0, READ, 2, 3), 3 * PAGE);
	unit_expect_content(d, 2, 3 * PAGE);
	assert_int_equal(unit_touch(d->base + 2 * PAGE, true), SEGV_ACCERR);
	unit_device_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_filled_from_their_place_5_2),
		cmocka_unit_test(page_that_is_there_already_is_read_over),
		cmocka_unit_test(alloc_by_read_needs_no_backing_5_2),
		cmocka_unit_test(end_of_the_file_5_5),
		cmocka_unit_test(rest_of_the_last_page_is_zero_5_5),
		cmocka_unit_test(vectors_of_reads_5_2_5_3),
		cmocka_unit_test(reads_refused_5_1_5_4),
		cmocka_unit_test(out_of_frames_5_4),
		cmocka_unit_test(io_error_5_4_5_6),
		cmocka_unit_test(backings_refused_3_3),
		cmocka_unit_test(backing_of_a_setup_that_fails_is_let_go_3_1),
		cmocka_unit_test(read_into_a_surface_that_is_read_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
