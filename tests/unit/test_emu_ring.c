// SPDX-License-Identifier: MIT
/* test_emu_ring.c - what entries of rings ask for: ALLOC of bytes or of vectors, and FREE of bytes [7.5] */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <signal.h>

#include "device.h"
#include "emu/rcu.h"

#define PAGE EXMAP_PAGE_SIZE
#define VECTORS EXMAP_USER_INTERFACE_PAGES

typedef long (*alloc_fn)(struct exmap_file *file, unsigned int interface,
			 const struct iovec *range);

static long call(struct exmap_file *file, alloc_fn fn, unsigned int interface, void *base,
		 size_t len)
{
	struct iovec range = { base, len };
	long ret;

	emu_rcu_read_lock();
	ret = fn(file, interface, &range);
	emu_rcu_read_unlock();
	return ret;
}

static void free_bytes(struct device *d, unsigned int interface, u64 page, size_t len)
{
	struct iovec range = { d->base + page * PAGE, len };

	emu_rcu_read_lock();
	emu_free_bytes(d->file, interface, &range);
	emu_rcu_read_unlock();
}

static u64 mapped(struct device *d)
{
	return unit_stats(d->file).alloc_count;
}

static void refused_before_anything_is_done_7_5(void **state)
{
	const alloc_fn both[] = { emu_alloc_bytes, emu_alloc_vectors };
	struct exmap_iov vectors[VECTORS + 1] = { 0 };
	struct exmap_file *file = emu_open(O_RDWR);
	struct device *d;

	(void)state;
	unit_handle_faults();
	for (int i = 0; i < 2; i++)
		assert_int_equal(call(file, both[i], 0, vectors, 8), -EINVAL);
	assert_int_equal(unit_setup(file, -1, 1, 10, 0), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(call(file, both[i], 1, vectors, 8), -EINVAL);
		assert_int_equal(call(file, both[i], 0, vectors, 8), -EPROTO);
	}
	emu_file_put(file);

	d = unit_device_new(2000, 2000, -1);
	for (u32 i = 0; i <= VECTORS; i++)
		vectors[i].value = ((struct exmap_iov){ .page = i, .len = 1 }).value;
	assert_int_equal(call(d->file, emu_alloc_vectors, UNIT_INTERFACES, vectors, 8), -EINVAL);
	assert_int_equal(call(d->file, emu_alloc_vectors, 0, vectors, 0), -EINVAL);
	assert_int_equal(call(d->file, emu_alloc_vectors, 0, vectors, 4), -EINVAL);
	assert_int_equal(call(d->file, emu_alloc_vectors, 0, vectors, 12), -EINVAL);
	assert_int_equal(call(d->file, emu_alloc_vectors, 0, vectors, (VECTORS + 1) * 8), -EINVAL);
	assert_int_equal(call(d->file, emu_alloc_vectors, 0, (void *)8, 8), -EFAULT);
	assert_int_equal(call(d->file, emu_alloc_bytes, 0, d->base + 1, PAGE), -EINVAL);
	assert_int_equal(call(d->file, emu_alloc_bytes, 0, d->base, PAGE - 1), -EINVAL);
	assert_int_equal(call(d->file, emu_alloc_bytes, 0, d->base - PAGE, PAGE), -EFAULT);
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
	assert_int_equal(call(d->file, emu_alloc_vectors, 1, vectors, sizeof(vectors)), 1);
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
	assert_int_equal(call(d->file, emu_alloc_bytes, 0, d->base, 0), 0);
	assert_int_equal(call(d->file, emu_alloc_bytes, 0, d->base, 5000 * PAGE), 5000 * PAGE);
	assert_int_equal(call(d->file, emu_alloc_bytes, 2, d->base, 8195 * PAGE), 3195 * PAGE);
	assert_int_equal(call(d->file, emu_alloc_bytes, 2, d->base, 10000 * PAGE), -ENOMEM);
	assert_int_equal(mapped(d), 9000);
	free_bytes(d, 1, 1, 8191 * PAGE);
	assert_int_equal(mapped(d), 9000 - 8191);
	unit_device_free(d);
}

/* As much as a read has mapped that ended inside a page. */
static void bytes_are_freed_with_the_page_that_they_end_in_7_5(void **state)
{
	struct device *d = unit_device_new(100, 100, -1);

	(void)state;
	assert_int_equal(unit_one(d, 0, EXMAP_OP_ALLOC, 0, 100), 100);
	free_bytes(d, 0, 10, 0);
	free_bytes(d, UNIT_INTERFACES, 10, PAGE);
	assert_int_equal(mapped(d), 100);
	free_bytes(d, 0, 10, 1);
	assert_int_equal(mapped(d), 99);
	free_bytes(d, 0, 20, 2 * PAGE + 512);
	assert_int_equal(mapped(d), 96);
	free_bytes(d, 3, 30, 3 * PAGE);
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
