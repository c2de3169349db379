// SPDX-License-Identifier: MIT
/* test_emu_memory.c - memory calls that meet a surface: section 2, and 7.3 */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "device.h"
#include "emu/registry.h"
#include "emu/surface.h"
#include "emu/memory.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE
#define PAGE EXMAP_PAGE_SIZE
#define HUGE_SIZE (2ul << 20)
#define RW (PROT_READ | PROT_WRITE)

static long map(struct exmap_file *file, size_t len, int prot, int flags, u64 offset)
{
	return (long)emu_mmap(file, NULL, len, prot, flags, offset);
}

static void mappings_refused_2_1_2_2_2_3(void **state)
{
	struct exmap_file *file = emu_open(O_RDWR, EMU_NAME_PLAIN);
	struct exmap_file *readonly = emu_open(O_RDONLY, EMU_NAME_PLAIN);
	struct device *d;

	(void)state;
	assert_int_equal(map(file, PAGE, RW, MAP_PRIVATE, EXMAP_OFF_EXMAP), -EINVAL);
	assert_int_equal(map(file, PAGE, RW, MAP_SHARED_VALIDATE | MAP_SYNC, EXMAP_OFF_EXMAP),
			 -EOPNOTSUPP);
	assert_int_equal(map(file, 0, RW, MAP_SHARED, EXMAP_OFF_EXMAP), -EINVAL);
	assert_int_equal(map(file, PAGE, RW, MAP_SHARED, 1), -EINVAL);
	assert_int_equal(map(file, PAGE, RW, MAP_SHARED, PAGE), -EINVAL);
	assert_int_equal(map(file, PAGE, RW, MAP_SHARED, EXMAP_OFF_PTEXPORT + PAGE), -EINVAL);
	assert_int_equal(map(file, PAGE, RW, MAP_SHARED, EXMAP_OFF_INTERFACE(0)), -ENXIO);
	assert_int_equal(map(file, SIZE_MAX, RW, MAP_SHARED, EXMAP_OFF_EXMAP), -ENOMEM);
	assert_int_equal(map(file, 1ul << 56, RW, MAP_SHARED, EXMAP_OFF_EXMAP), -ENOMEM);
	assert_int_equal(map(readonly, PAGE, RW, MAP_SHARED, EXMAP_OFF_EXMAP), -EACCES);
	emu_file_put(readonly);
	emu_file_put(file);

	d = unit_device_new(100, 10, -1);
	assert_int_equal(map(d->file, PAGE, RW, MAP_SHARED, EXMAP_OFF_EXMAP), -EBUSY);
	assert_int_equal(map(d->file, PAGE, RW, MAP_SHARED, EXMAP_OFF_INTERFACE(UNIT_INTERFACES)),
			 -ENXIO);
	assert_int_equal(map(d->file, PAGE, RW, MAP_SHARED, EXMAP_OFF_INTERFACE(256)), -ENXIO);
	assert_int_equal(map(d->file, PAGE, RW, MAP_SHARED, EXMAP_OFF_INTERFACE_MAX), -ENXIO);
	assert_int_equal(map(d->file, 2 * PAGE, RW, MAP_SHARED, EXMAP_OFF_INTERFACE(0)), -EINVAL);
	assert_int_equal(map(d->file, SIZE_MAX, RW, MAP_SHARED, EXMAP_OFF_INTERFACE(0)), -ENOMEM);
	unit_device_free(d);
}

static void an_interface_mapped_twice_is_one_page_2_2(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	struct exmap_user_interface *again =
		(void *)map(d->file, 1, RW, MAP_SHARED, EXMAP_OFF_INTERFACE(2));

	(void)state;
	assert_true((long)again > 0);
	d->user[2]->iov[511].value = 4711;
	assert_int_equal(again->iov[511].value, 4711);
	d->user[1]->iov[511].value = 1;
	assert_int_equal(again->iov[511].value, 4711);
	emu_munmap(again, PAGE);
	unit_device_free(d);
}

static void unmapped_then_mapped_again_2_4(void **state)
{
	struct device *d = unit_device_new(1000, 100, -1);
	struct iovec iov = { d->base, PAGE };

	(void)state;
	for (int round = 0; round < 3; round++) {
		char *old = d->base;

		assert_int_equal(unit_one(d, 1, ALLOC, 900, 100), 100);
		assert_int_equal(unit_one(d, 1, ALLOC, 0, 1), -ENOMEM);
		assert_true(emu_vm_overlaps(old, 1));
		assert_int_equal(emu_munmap(d->base, 1000 * PAGE), 0);
		assert_false(emu_vm_overlaps(old, 1000 * PAGE));
		assert_int_equal(unit_touch(old + 900 * PAGE, false), -1);
		assert_int_equal(unit_one(d, 1, ALLOC, 0, 1), -EPROTO);
		assert_int_equal(unit_read(d->file, &iov, 1, ALLOC << 8), -EPROTO);
		assert_int_equal(unit_stats(d->file).alloc_count, 0);
		assert_int_equal(unit_stats(d->file).flags & 1, 0);
		unit_device_map(d);
		assert_int_equal(unit_stats(d->file).flags & 1, 1);
		assert_int_equal(unit_touch(d->base + 900 * PAGE, false), SEGV_MAPERR);
	}
	unit_device_free(d);
}

static void surface_before_setup_2_1(void **state)
{
	struct exmap_file *file = emu_open(O_RDWR, EMU_NAME_PLAIN);
	char *base = (char *)map(file, 10 * PAGE, RW, MAP_SHARED, EXMAP_OFF_EXMAP);

	(void)state;
	unit_handle_faults();
	assert_true((long)base > 0);
	assert_int_equal(unit_touch(base, true), SEGV_MAPERR);
	assert_int_equal(unit_stats(file).flags & 1, 0);
	assert_int_equal(unit_setup(file, -1, 1, 10, 0), 0);
	assert_int_equal(unit_stats(file).flags & 1, 1);
	assert_int_equal(emu_munmap(base, 10 * PAGE), 0);
	emu_file_put(file);
}

static void nothing_splits_a_surface_2_5(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	static const struct {
		u64 page;
		u64 len;
	} parts[] = { { 0, 1 }, { 0, 99 }, { 1, 99 }, { 50, 1 }, { 99, 1 }, { 99, 2 } };

	(void)state;
	assert_int_equal(unit_one(d, 0, ALLOC, 0, 10), 10);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *p = d->base + parts[i].page * PAGE;
		size_t len = parts[i].len * PAGE;

		assert_true(emu_vm_overlaps(p, len));
		assert_int_equal(emu_munmap(p, len), -EINVAL);
		assert_int_equal(emu_mprotect(p, len, PROT_READ), -EINVAL);
		assert_int_equal(emu_make_room(p, len), -EINVAL);
		assert_int_equal(emu_madvise(p, len, MADV_DONTNEED), -EINVAL);
		assert_int_equal(emu_madvise(p, len, MADV_RANDOM), -EINVAL);
	}
	for (u32 page = 0; page < 10; page++)
		assert_int_equal(unit_touch(d->base + page * PAGE, true), 0);
	assert_int_equal(unit_stats(d->file).alloc_count, 10);
	unit_device_free(d);
}

static void overlaps_are_by_page_and_do_not_wrap(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);

	(void)state;
	assert_false(emu_vm_overlaps(d->base, 0));
	/* Fences count, too. Behind a fence there may be that of an interface page: not tested. */
	assert_true(emu_vm_overlaps(d->base - PAGE, PAGE + 1));
	assert_true(emu_vm_overlaps(d->base - EMU_FENCE_SIZE, PAGE));
	assert_true(emu_vm_overlaps(d->base + 100 * PAGE + EMU_FENCE_SIZE - PAGE, PAGE));
	/* A range that the kernel refuses anyway goes to the kernel. */
	assert_false(emu_vm_overlaps(d->base + 1, PAGE));
	assert_false(emu_vm_overlaps(d->base, SIZE_MAX));
	assert_false(emu_vm_overlaps(d->base, -(uintptr_t)d->base));
	unit_device_free(d);
}

static void protection_is_for_later_pages_too_2_6(void **state)
{
	struct device *d = unit_device_new(100, 20, -1);

	(void)state;
	assert_int_equal(unit_one(d, 0, ALLOC, 0, 5), 5);
	assert_int_equal(emu_mprotect(d->base, 100 * PAGE, PROT_READ), 0);
	assert_int_equal(unit_one(d, 0, ALLOC, 10, 5), 5);
	for (u32 page = 0; page < 15; page += 10) {
		assert_int_equal(unit_touch(d->base + page * PAGE, false), 0);
		assert_int_equal(unit_touch(d->base + page * PAGE, true), SEGV_ACCERR);
	}
	assert_int_equal(unit_touch(d->base + 50 * PAGE, false), SEGV_MAPERR);
	assert_int_equal(emu_mprotect(d->base, 100 * PAGE, PROT_NONE), 0);
	assert_int_equal(unit_touch(d->base, false), SEGV_ACCERR);
	assert_int_equal(emu_mprotect(d->base, 100 * PAGE, RW), 0);
	for (u32 page = 0; page < 15; page += 10)
		assert_int_equal(unit_touch(d->base + page * PAGE, true), 0);
	assert_int_equal(emu_mprotect(d->base, 100 * PAGE, RW | PROT_GROWSDOWN), -EINVAL);
	unit_device_free(d);
}

static void protection_of_a_file_that_is_read_only_2_6(void **state)
{
	struct exmap_file *file = emu_open(O_RDONLY, EMU_NAME_PLAIN);
	char *base = (char *)map(file, 10 * PAGE, PROT_READ, MAP_SHARED, EXMAP_OFF_EXMAP);

	(void)state;
	assert_true((long)base > 0);
	assert_int_equal(emu_mprotect(base, 10 * PAGE, RW), -EACCES);
	assert_int_equal(emu_munmap(base, 10 * PAGE), 0);
	emu_file_put(file);
}

static void one_call_for_two_surfaces_and_more(void **state)
{
	struct device *one = unit_device_new(10, 10, -1);
	struct device *two = unit_device_new(10, 10, -1);
	char *room = mmap(NULL, 40 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(room, MAP_FAILED);
	assert_int_equal(emu_munmap(one->base, 10 * PAGE), 0);
	assert_int_equal(emu_munmap(two->base, 10 * PAGE), 0);
	one->base = emu_mmap(one->file, room, 10 * PAGE, RW, MAP_SHARED | MAP_FIXED, 0);
	two->base = emu_mmap(two->file, room + 20 * PAGE, 10 * PAGE, RW, MAP_SHARED | MAP_FIXED, 0);
	assert_ptr_equal(one->base, room);
	assert_ptr_equal(two->base, room + 20 * PAGE);
	assert_int_equal(unit_one(one, 0, ALLOC, 0, 10), 10);
	assert_int_equal(unit_one(two, 0, ALLOC, 0, 10), 10);
	assert_int_equal(emu_mprotect(room, 40 * PAGE, PROT_READ), 0);
	for (u32 page = 0; page < 40; page++) {
		bool ours = page / 10 % 2 == 0;

		assert_int_equal(unit_touch(room + page * PAGE, false), 0);
		assert_int_equal(unit_touch(room + page * PAGE, true), ours ? SEGV_ACCERR : -1);
	}
	/* A range with half of the second surface fails, and leaves the first one mapped, too. */
	assert_int_equal(emu_munmap(room, 25 * PAGE), -EINVAL);
	assert_int_equal(unit_touch(room, false), 0);
	assert_int_equal(emu_make_room(room, 40 * PAGE), 0);
	/* Both surfaces are gone, and what is between them is left to the mapping that comes. */
	assert_int_equal(unit_touch(room, false), -1);
	assert_int_equal(unit_touch(room + 25 * PAGE, false), -1);
	assert_int_equal(unit_touch(room + 15 * PAGE, false), 0);
	munmap(room, 40 * PAGE);
	unit_device_map(one);
	unit_device_map(two);
	unit_device_free(one);
	unit_device_free(two);
}

static void export_shows_what_is_mapped_7_3(void **state)
{
	struct device *d = unit_device_new(512, 50, -1);
	const u64 *words;
	u64 word;

	(void)state;
	assert_int_equal(map(d->file, PAGE, RW, MAP_SHARED, EXMAP_OFF_PTEXPORT), -EACCES);
	assert_int_equal(map(d->file, 2 * PAGE, PROT_READ, MAP_SHARED, EXMAP_OFF_PTEXPORT),
			 -EOVERFLOW);
	words = (void *)map(d->file, PAGE, PROT_READ, MAP_SHARED, EXMAP_OFF_PTEXPORT);
	assert_true((long)words > 0);
	assert_int_equal(map(d->file, PAGE, PROT_READ, MAP_SHARED, EXMAP_OFF_PTEXPORT), -EBUSY);
	assert_int_equal(unit_one(d, 0, ALLOC, 7, 2), 2);
	for (u32 page = 0; page < 512; page++) {
		word = exmap_load(&words[page]);
		if (page == 7 || page == 8) {
			assert_int_equal(word & 0x8000000000000007, 0x8000000000000007);
			assert_true((word >> 12 & 0xffffffffff) < 50);
		} else {
			assert_int_equal(word, 0);
		}
	}
	assert_int_equal(emu_mprotect(d->base, HUGE_SIZE, PROT_READ), 0);
	assert_int_equal(exmap_load(&words[7]) & 7, 5);
	assert_int_equal(emu_mprotect((void *)words, PAGE, RW), -EACCES);
	/* The export outlives the surface, and then shows no page. */
	assert_int_equal(emu_munmap(d->base, HUGE_SIZE), 0);
	assert_int_equal(exmap_load(&words[7]), 0);
	unit_device_map(d);
	assert_int_equal(unit_one(d, 0, ALLOC, 7, 1), 1);
	assert_int_equal(exmap_load(&words[7]), 0);
	assert_int_equal(emu_munmap((void *)words, PAGE), 0);
	words = (void *)map(d->file, PAGE, PROT_READ, MAP_SHARED, EXMAP_OFF_PTEXPORT);
	assert_true((long)words > 0);
	assert_int_equal(exmap_load(&words[7]) & 1, 1);
	assert_int_equal(emu_munmap((void *)words, PAGE), 0);
	unit_device_free(d);
}

static void export_wants_2_mib_7_3(void **state)
{
	struct exmap_file *file = emu_open(O_RDWR, EMU_NAME_PLAIN);
	char *base;

	(void)state;
	assert_int_equal(map(file, PAGE, PROT_READ, MAP_SHARED, EXMAP_OFF_PTEXPORT), -EPROTO);
	base = (char *)map(file, HUGE_SIZE - PAGE, RW, MAP_SHARED, EXMAP_OFF_EXMAP);
	assert_true((long)base > 0);
	assert_int_equal(map(file, PAGE, PROT_READ, MAP_SHARED, EXMAP_OFF_PTEXPORT), -EFAULT);
	assert_int_equal(emu_munmap(base, HUGE_SIZE - PAGE), 0);
	emu_file_put(file);
}

/* FREE works on pages that the client has locked; skipped if it may not lock memory. */
static void locked_pages_can_be_freed(void **state)
{
	struct device *d = unit_device_new(100, 50, -1);

	(void)state;
	assert_int_equal(unit_one(d, 0, ALLOC, 0, 40), 40);
	d->base[0] = 42;
	if (mlock(d->base, 40 * PAGE)) {
		unit_device_free(d);
		skip();
	}
	d->user[0]->iov[0] = (struct exmap_iov){ { .page = 0, .len = 10 } };
	d->user[0]->iov[1] = (struct exmap_iov){ { .page = 20, .len = 10 } };
	assert_int_equal(unit_do(d, 0, FREE, 2), 0);
	assert_int_equal(d->user[0]->iov[0].pages, 10);
	assert_int_equal(d->user[0]->iov[1].pages, 10);
	assert_int_equal(unit_touch(d->base, false), SEGV_MAPERR);
	assert_int_equal(unit_one(d, 0, ALLOC, 0, 1), 1);
	assert_int_equal(d->base[0], 0);
	unit_device_free(d);
}

/* Advice by a system call that nobody sees makes several mappings of it. */
static void pages_across_a_border_inside_the_surface(void **state)
{
	struct device *d = unit_device_new(100, 50, -1);

	(void)state;
	assert_int_equal(madvise(d->base + 10 * PAGE, 10 * PAGE, MADV_RANDOM), 0);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(unit_one(d, 0, ALLOC, 5, 20), 20);
		for (u64 page = 5; page < 25; page++)
			assert_int_equal(unit_touch(d->base + page * PAGE, true), 0);
		assert_int_equal(unit_one(d, 0, FREE, 0, 100), 20);
		assert_int_equal(unit_touch(d->base + 15 * PAGE, false), SEGV_MAPERR);
	}
	unit_device_free(d);
}

/* By a system call that nobody sees, a page of it was unmapped: then no page is handed out again. */
static void what_the_kernel_does_not_drop_stays_allocated(void **state)
{
	struct device *d = unit_device_new(100, 50, -1);

	(void)state;
	assert_int_equal(unit_one(d, 0, ALLOC, 0, 40), 40);
	assert_int_equal(munmap(d->base + 5 * PAGE, PAGE), 0);
	assert_int_equal(unit_one(d, 0, FREE, 0, 10), 0);
	assert_int_equal(unit_one(d, 0, FREE, 20, 10), 10);
	assert_int_equal(unit_stats(d->file).alloc_count, 30);
	assert_int_equal(unit_one(d, 0, ALLOC, 50, 50), -ENOMEM);
	assert_int_equal(d->user[0]->iov[0].pages, 20);
	assert_int_equal(emu_munmap(d->base, 100 * PAGE), 0);
	unit_device_map(d);
	unit_device_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mappings_refused_2_1_2_2_2_3),
		cmocka_unit_test(an_interface_mapped_twice_is_one_page_2_2),
		cmocka_unit_test(unmapped_then_mapped_again_2_4),
		cmocka_unit_test(surface_before_setup_2_1),
		cmocka_unit_test(nothing_splits_a_surface_2_5),
		cmocka_unit_test(overlaps_are_by_page_and_do_not_wrap),
		cmocka_unit_test(protection_is_for_later_pages_too_2_6),
		cmocka_unit_test(protection_of_a_file_that_is_read_only_2_6),
		cmocka_unit_test(one_call_for_two_surfaces_and_more),
		cmocka_unit_test(export_shows_what_is_mapped_7_3),
		cmocka_unit_test(export_wants_2_mib_7_3),
		cmocka_unit_test(locked_pages_can_be_freed),
		cmocka_unit_test(pages_across_a_border_inside_the_surface),
		cmocka_unit_test(what_the_kernel_does_not_drop_stays_allocated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
