// SPDX-License-Identifier: MIT
/*
 * test_emu_filled.c - pages that another userfaultfd has mapped where the surface has none
 *
 * Any userfaultfd of a process can map pages in any range that is registered with one. ALLOC and
 * READ must not show the content of such a page, and it takes no frame.
 */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "device.h"
#include "file.h"

#define PAGE EXMAP_PAGE_SIZE
#define FOREIGN 7

static int uffd = -1;

static int setup(void **state)
{
	struct uffdio_api api = { .api = UFFD_API };

	(void)state;
	/* If userfaultfd is refused, no page can be mapped so, and the tests are skipped. */
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	return uffd < 0 ? 0 : ioctl(uffd, UFFDIO_API, &api);
}

static int teardown(void **state)
{
	(void)state;
	return uffd < 0 ? 0 : close(uffd);
}

/* Return: whether the range is registered, which it is under strategies copy and move. */
static bool fill(char *dst)
{
	static char page[PAGE] __attribute__((aligned(PAGE)));
	struct uffdio_copy copy = {
		.dst = (uintptr_t)dst,
		.src = (uintptr_t)page,
		.len = PAGE,
	};

	memset(page, FOREIGN, PAGE);
	return ioctl(uffd, UFFDIO_COPY, &copy) == 0;
}

static void need(bool filled, struct device *d)
{
	if (filled)
		return;
	unit_device_free(d);
	print_message("no userfaultfd on the surface under this strategy\n");
	skip();
}

static void alloc_shows_none_of_it_4_8(void **state)
{
	struct device *d = unit_device_new(100, 50, -1);

	(void)state;
	/* In the second round, slots may be resident, and their pages be moved. */
	for (int round = 0; round < 2; round++) {
		bool filled = true;

		for (u64 page = 10; page < 20; page += 1 + page % 3)
			filled &= fill(d->base + page * PAGE);
		need(filled, d);
		assert_int_equal(unit_one(d, 0, EXMAP_OP_ALLOC, 8, 14), 14);
		for (u64 page = 8; page < 22; page++)
			assert_int_equal(d->base[page * PAGE + 5], 0);
		assert_int_equal(unit_stats(d->file).alloc_count, 14);
		assert_int_equal(unit_one(d, 0, EXMAP_OP_FREE, 8, 14), 14);
	}
	unit_device_free(d);
}

static void read_shows_the_backing_5_2(void **state)
{
	int backing = unit_file(100 * PAGE, O_RDONLY | O_DIRECT);
	struct device *d = unit_device_new(100, 50, backing);

	(void)state;
	need(fill(d->base + 10 * PAGE) && fill(d->base + 12 * PAGE), d);
	assert_int_equal(unit_read_pages(d, 0, EXMAP_OP_READ, 9, 5), 5 * PAGE);
	unit_expect_content(d, 9, 5 * PAGE);
	unit_device_free(d);
	close(backing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc_shows_none_of_it_4_8),
		cmocka_unit_test(read_shows_the_backing_5_2),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
