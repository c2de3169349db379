// SPDX-License-Identifier: MIT
/* test_emu_ring.c - calls of io_uring entries: commands, and FREE after a lost read [7.5] */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <signal.h>

#include "device.h"
#include "emu/rcu.h"

#define PAGE EXMAP_PAGE_SIZE
#define VECTORS EXMAP_USER_INTERFACE_PAGES

static u32 alloc_on(u32 interface)
{
	return interface | EXMAP_OP_ALLOC << 8;
}

static long command(struct exmap_file *file, u32 op, bool fixed, void *base, size_t len)
{
	struct iovec range = { base, len };
	long ret;

	emu_rcu_read_lock();
	ret = emu_command(file, op, fixed, true, &range);
	emu_rcu_read_unlock();
	return ret;
}

static long alloc_vectors(struct exmap_file *file, u32 interface, void *base, size_t len)
{
	return command(file, alloc_on(interface), true, base, len);
}

static long alloc_bytes(struct exmap_file *file, u32 interface, void *base, size_t len)
{
	return command(file, alloc_on(interface), false, base, len);
}

static void undo_read(struct device *d, u32 interface, u64 page, size_t len)
{
	struct iovec range = { d->base + page * PAGE, len };

	emu_rcu_read_lock();
	emu_undo_read(d->file, alloc_on(interface), &range);
	emu_rcu_read_unlock();
}

static u64 mapped(struct device *d)
{
	return unit_stats(d->file).alloc_count;
}

static void refused_before_anything_is_done_7_5(void **state)
{
	struct exmap_iov vectors[VECTORS + 1] = { 0 };
	struct exmap_file *file = emu_open(O_RDWR, EMU_NAME_PLAIN);
	struct iovec range = { vectors, 8 };
	struct device *d;

	(void)state;
	unit_handle_faults();
	for (int fixed = 0; fixed < 2; fixed++)
		assert_int_equal(command(file, alloc_on(0), fixed, vectors, 8), -EINVAL);
	assert_int_equal(unit_setup(file, -1, 1, 10, 0), 0);
	for (int fixed = 0; fixed < 2; fixed++) {
		assert_int_equal(command(file, alloc_on(1), fixed, vectors, 8), -EINVAL);
		assert_int_equal(command(file, alloc_on(0), fixed, vectors, 8), -EPROTO);
	}
	emu_file_put(file);

	d = unit_device_new(2000, 2000, -1);
	for (u32 i = 0; i <= VECTORS; i++)
		vectors[i].value = ((struct exmap_iov){ .page = i, .len = 1 }).value;
	for (u32 op = 0; op < 8; op++) {
		if (op != EXMAP_OP_ALLOC)
			assert_int_equal(command(d->file, op << 8, true, vectors, 8), -EINVAL);
	}
	assert_int_equal(command(d->file, alloc_on(0) | 1 << 16, true, vectors, 8), -EINVAL);
	assert_int_equal(alloc_vectors(d->file, UNIT_INTERFACES, vectors, 8), -EINVAL);
	assert_int_equal(alloc_vectors(d->file, 0, vectors, 0), -EINVAL);
	assert_int_equal(alloc_vectors(d->file, 0, vectors, 4), -EINVAL);
	assert_int_equal(alloc_vectors(d->file, 0, vectors, 12), -EINVAL);
	assert_int_equal(alloc_vectors(d->file, 0, vectors, (VECTORS + 1) * 8), -EINVAL);
	assert_int_equal(alloc_vectors(d->file, 0, (void *)8, 8), -EFAULT);
	assert_int_equal(emu_command(d->file, alloc_on(0), true, false, &range), -EFAULT);
	assert_int_equal(alloc_bytes(d->file, 0, d->base + 1, PAGE), -EINVAL);
	assert_int_equal(alloc_bytes(d->file, 0, d->base, PAGE - 1), -EINVAL);
	assert_int_equal(alloc_bytes(d->file, 0, d->base - PAGE, PAGE), -EFAULT);
	assert_int_equal(mapped(d), 0);
	unit_device_free(d);
}

static void vectors_are_answered_in_place_7_5(void **state)
{
	struct device *d = unit_device_new(2000, 2000, -1);
	struct exmap_iov vectors[VECTORS];

	(void)state;
	for (u32 i = 0; i < VECTORS; i++)
		vectors[i].value = ((struct exmap_iov){ .page = i % 500, .len = 1 + i % 2 }).value;
	vectors[7].value = ((struct exmap_iov){ .page = 5000, .len = 1 }).value;
	assert_int_equal(alloc_vectors(d->file, 1, vectors, sizeof(vectors)), 1);
	for (u32 i = 0; i < VECTORS; i++)
		assert_int_equal(vectors[i].res, i == 7 ? -EFAULT : 0);
	assert_int_equal(vectors[1].pages, 2);
	assert_int_equal(vectors[2].pages, 0);
	assert_int_equal(mapped(d), 501);
	unit_device_free(d);
}

static void bytes_of_any_length_7_5(void **state)
{
	struct device *d = unit_device_new(10000, 9000, -1);

	(void)state;
	assert_int_equal(alloc_bytes(d->file, 0, d->base, 0), 0);
	assert_int_equal(alloc_bytes(d->file, 0, d->base, 5000 * PAGE), 5000 * PAGE);
	assert_int_equal(alloc_bytes(d->file, 2, d->base, 8195 * PAGE), 3195 * PAGE);
	assert_int_equal(alloc_bytes(d->file, 2, d->base, 10000 * PAGE), -ENOMEM);
	assert_int_equal(mapped(d), 9000);
	undo_read(d, 1, 1, 8191 * PAGE);
	assert_int_equal(mapped(d), 9000 - 8191);
	unit_device_free(d);
}

/* If a read has ended inside a page, that page is freed, too. */
static void bytes_are_freed_with_the_page_that_they_end_in_7_5(void **state)
{
	struct device *d = unit_device_new(100, 100, -1);

	(void)state;
	assert_int_equal(unit_one(d, 0, EXMAP_OP_ALLOC, 0, 100), 100);
	undo_read(d, 0, 10, 0);
	undo_read(d, UNIT_INTERFACES, 10, PAGE);
	assert_int_equal(mapped(d), 100);
	undo_read(d, 0, 10, 1);
	assert_int_equal(mapped(d), 99);
	undo_read(d, 0, 20, 2 * PAGE + 512);
	assert_int_equal(mapped(d), 96);
	undo_read(d, 3, 30, 3 * PAGE);
	assert_int_equal(mapped(d), 93);
	assert_int_equal(unit_touch(d->base + 22 * PAGE, false), SEGV_MAPERR);
	assert_int_equal(unit_touch(d->base + 23 * PAGE, false), 0);
	unit_device_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_before_anything_is_done_7_5),
		cmocka_unit_test(vectors_are_answered_in_place_7_5),
		cmocka_unit_test(bytes_of_any_length_7_5),
		cmocka_unit_test(bytes_are_freed_with_the_page_that_they_end_in_7_5),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
