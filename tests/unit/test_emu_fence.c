// SPDX-License-Identifier: MIT
/* test_emu_fence.c - where mappings are put, and the fences around them, in memory calls */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <signal.h>

#include "device.h"
#include "emu/fence.h"
#include "emu/memory.h"

#define ALLOC EXMAP_OP_ALLOC
#define PAGE EXMAP_PAGE_SIZE
#define HUGE_SIZE (2ul << 20)
#define RW (PROT_READ | PROT_WRITE)

/* Whether nothing is mapped in a range. */
static bool is_hole(char *addr, size_t len)
{
	char *there = mmap(addr, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			   -1, 0);

	if (there == addr)
		munmap(there, len);
	return there == addr;
}

/* The client's memory calls must treat a fence as unmapped address space. */
static void a_fence_is_a_hole_to_memory_calls(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	char *before = d->base - EMU_FENCE_SIZE;
	char *behind = d->base + 100 * PAGE;

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		char *fence = turn ? behind : before;

		assert_int_equal(unit_touch(fence, true), SEGV_MAPERR);
		assert_int_equal(unit_touch(fence + EMU_FENCE_SIZE - 1, false), SEGV_MAPERR);
		assert_int_equal(emu_munmap(fence, EMU_FENCE_SIZE), 0);
		assert_int_equal(emu_munmap(fence + PAGE, PAGE), 0);
		assert_int_equal(emu_mprotect(fence, PAGE, RW), -ENOMEM);
		assert_int_equal(emu_madvise(fence, PAGE, MADV_WILLNEED), -ENOMEM);
		assert_int_equal(emu_mremap(fence, PAGE, PAGE, 0, NULL), -EFAULT);
		assert_false(is_hole(fence, EMU_FENCE_SIZE));
		assert_int_equal(unit_touch(fence, true), SEGV_MAPERR);
	}
	assert_int_equal(unit_one(d, 0, ALLOC, 0, 10), 10);
	assert_int_equal(unit_touch(d->base, true), 0);
	unit_device_free(d);
	assert_true(is_hole(before, 2 * EMU_FENCE_SIZE + 100 * PAGE));
}

static void a_mapping_on_a_fence_ends_the_fence(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	char *behind = d->base + 100 * PAGE;

	(void)state;
	assert_int_equal(emu_make_room(behind + 4 * PAGE, PAGE), 0);
	assert_int_equal(unit_touch(behind, false), SEGV_MAPERR);
	assert_true(is_hole(behind + 5 * PAGE, EMU_FENCE_SIZE - 5 * PAGE));
	assert_int_equal(unit_touch(d->base - 1, false), SEGV_MAPERR);
	assert_int_equal(unit_one(d, 0, ALLOC, 99, 1), 1);
	assert_int_equal(emu_make_room(d->base - PAGE, PAGE), 0);
	assert_true(is_hole(d->base - EMU_FENCE_SIZE, EMU_FENCE_SIZE - PAGE));
	assert_int_equal(unit_touch(d->base + 99 * PAGE, true), 0);
	/* A client's mapping in place of a fence stays when the surface is unmapped. */
	assert_ptr_equal(
		mmap(behind + 4 * PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		behind + 4 * PAGE);
	unit_device_free(d);
	assert_int_equal(unit_touch(behind + 4 * PAGE, true), 0);
	munmap(behind + 4 * PAGE, PAGE);
}

static void a_range_beyond_a_surface_takes_its_fences_2_4(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);

	(void)state;
	assert_int_equal(emu_munmap(d->base - 2 * PAGE, 105 * PAGE), 0);
	assert_true(is_hole(d->base - EMU_FENCE_SIZE, 2 * EMU_FENCE_SIZE + 100 * PAGE));
	unit_device_map(d);
	unit_device_free(d);
}

static void an_interface_page_moves_out_of_its_fences(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	char *room = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *old = (char *)d->user[1];

	(void)state;
	assert_int_equal(unit_touch(old + PAGE, true), SEGV_MAPERR);
	assert_int_equal(unit_touch(old - 1, true), SEGV_MAPERR);
	assert_ptr_equal((void *)emu_mremap(old, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room),
			 room);
	assert_true(is_hole(old - EMU_FENCE_SIZE, 2 * EMU_FENCE_SIZE + PAGE));
	d->user[1] = (void *)room;
	assert_int_equal(unit_one(d, 1, ALLOC, 0, 1), 1);
	unit_device_free(d);
}

static char *map_at(struct exmap_file *file, void *addr, size_t len)
{
	return emu_mmap(file, addr, len, RW, MAP_SHARED, EXMAP_OFF_EXMAP);
}

/*
 * The kernel places nothing at these addresses by itself: what a test unmaps there stays free. To
 * ThreadSanitizer they are addresses that a program may use.
 */
static char *lonely_place(size_t len)
{
	char *place = (char *)0x7ea000000000;

	assert_ptr_equal(
		mmap(place, len, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
		place);
	return place;
}

/* Large places are aligned to 2 MiB whatever their length, so share no page-table page. */
static void the_emulator_chooses_multiples_of_2_mib(void **state)
{
	static const size_t lens[] = { HUGE_SIZE, HUGE_SIZE + PAGE, 2 * HUGE_SIZE - PAGE };

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct exmap_file *file = emu_open(O_RDWR, EMU_NAME_PLAIN);
		char *base = map_at(file, NULL, lens[i]);

		assert_true((long)base > 0);
		assert_int_equal((uintptr_t)base % HUGE_SIZE, 0);
		assert_int_equal(emu_munmap(base, lens[i]), 0);
		emu_file_put(file);
	}
}

/* Between mappings of the client's own there is no room for fences. */
static void no_fence_where_something_else_is(void **state)
{
	size_t len = 4 * HUGE_SIZE;
	char *all = lonely_place(3 * len);
	struct exmap_file *file = emu_open(O_RDWR, EMU_NAME_PLAIN);
	char *hole = all + len;

	(void)state;
	all[0] = all[len - 1] = all[2 * len] = all[3 * len - 1] = 42;
	assert_int_equal(munmap(hole, len), 0);
	assert_ptr_equal(map_at(file, hole, len), hole);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(all[len - 1], 42);
		assert_int_equal(all[2 * len], 42);
		/* The same again, after the surface was unmapped. */
		assert_int_equal(i ? 0 : emu_munmap(hole, len), 0);
	}
	assert_int_equal(all[0], 42);
	assert_int_equal(all[3 * len - 1], 42);
	munmap(all, len);
	munmap(all + 2 * len, len);
	emu_file_put(file);
}

/* Mappings that a client places side by side, by naming their addresses. */
static void hints_side_by_side_are_honoured(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	char *place = lonely_place(8 * PAGE);

	(void)state;
	assert_int_equal(munmap(place, 8 * PAGE), 0);
	for (int i = 0; i < 8; i++)
		assert_ptr_equal(emu_mmap(d->file, place + i * PAGE, PAGE, RW, MAP_SHARED,
					  EXMAP_OFF_INTERFACE(i % UNIT_INTERFACES)),
				 place + i * PAGE);
	/* Neighbouring pages of one interface after another are one mapping, and move as one. */
	assert_ptr_equal((void *)emu_mremap(place, 4 * PAGE, 4 * PAGE,
					    MREMAP_MAYMOVE | MREMAP_FIXED, place + 100 * PAGE),
			 place + 100 * PAGE);
	assert_false(emu_vm_overlaps(place, 4 * PAGE));
	assert_true(is_hole(place, 4 * PAGE));
	munmap(place + 100 * PAGE, 4 * PAGE);
	assert_int_equal(emu_munmap(place + 4 * PAGE, 4 * PAGE), 0);
	unit_device_free(d);
}

/* A page that is moved into its own fence, in front of it or behind. */
static void an_interface_page_moves_into_its_own_fence(void **state)
{
	static const long distances[] = { PAGE, -(long)PAGE, 7 * PAGE, -7 * (long)PAGE };

	(void)state;
	for (size_t i = 0; i < sizeof(distances) / sizeof(distances[0]); i++) {
		struct device *d = unit_device_new(100, 10, -1);
		char *old = (char *)d->user[1];
		char *target = old + distances[i];

		old[5] = 42;
		assert_ptr_equal(
			(void *)emu_mremap(old, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target),
			target);
		assert_int_equal(unit_touch(target, true), 0);
		assert_int_equal(target[5], 42);
		assert_true(is_hole(old, PAGE));
		d->user[1] = (void *)target;
		assert_int_equal(unit_one(d, 1, ALLOC, 0, 1), 1);
		unit_device_free(d);
	}
}

/* mremap() calls that the kernel refuses, onto a range with an interface page and other memory. */
static void a_refused_mremap_changes_nothing(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	char *room = mmap(NULL, 16 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *other = mmap(NULL, 16 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *page = emu_mmap(d->file, room + 8 * PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED,
			      EXMAP_OFF_INTERFACE(2));

	(void)state;
	room[0] = room[15 * PAGE] = page[7] = other[0] = 42;
	assert_int_equal(emu_mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page),
			 -EINVAL);
	assert_int_equal(emu_mremap(other, 16 * PAGE, 16 * PAGE, MREMAP_FIXED, room), -EINVAL);
	assert_int_equal(
		emu_mremap(other, 16 * PAGE, 16 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | 64, room),
		-EINVAL);
	assert_int_equal(emu_mremap(other, 16 * PAGE, 0, MREMAP_MAYMOVE | MREMAP_FIXED, room),
			 -EINVAL);
	assert_int_equal(
		emu_mremap(other, 16 * PAGE, 16 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + 8),
		-EINVAL);
	assert_int_equal(emu_mremap(other, 16 * PAGE, 8 * PAGE,
				    MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, room),
			 -EINVAL);
	assert_int_equal(room[0] + room[15 * PAGE] + page[7] + other[0], 4 * 42);
	assert_true(emu_vm_overlaps(page, PAGE));
	/* One that is not refused replaces all of it. */
	assert_ptr_equal((void *)emu_mremap(other, 16 * PAGE, 16 * PAGE,
					    MREMAP_MAYMOVE | MREMAP_FIXED, room),
			 room);
	assert_int_equal(room[0], 42);
	assert_int_equal(page[7], 0);
	assert_false(emu_vm_overlaps(page, PAGE));
	munmap(room, 16 * PAGE);
	unit_device_free(d);
}

/* What a fixed mapping is about to replace is taken until then, and other memory is not touched. */
static void room_is_made_without_a_hole(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	char *room = mmap(NULL, 16 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *page = emu_mmap(d->file, room + 8 * PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED,
			      EXMAP_OFF_INTERFACE(2));
	char *fenced = (char *)d->user[3];

	(void)state;
	room[0] = room[15 * PAGE] = 42;
	assert_int_equal(emu_make_room(room, 16 * PAGE), 0);
	assert_int_equal(room[0] + room[15 * PAGE], 84);
	assert_false(is_hole(page, PAGE));
	assert_int_equal(unit_touch(page, false), -1);
	munmap(room, 16 * PAGE);
	/* A part of a fence; what is beyond that part is no fence any more. */
	assert_int_equal(emu_make_room(fenced + 5 * PAGE, 2 * PAGE), 0);
	assert_int_equal(unit_touch(fenced + 4 * PAGE, false), SEGV_MAPERR);
	assert_false(is_hole(fenced + 5 * PAGE, PAGE));
	assert_false(emu_vm_overlaps(fenced + 5 * PAGE, PAGE));
	assert_true(is_hole(fenced + 7 * PAGE, PAGE));
	munmap(fenced + 5 * PAGE, 2 * PAGE);
	/* A range that leaves the address space ends nothing. */
	assert_int_equal(emu_make_room(fenced, (1ul << 56) - (uintptr_t)fenced), -ENOMEM);
	assert_true(emu_vm_overlaps(fenced, PAGE));
	unit_device_free(d);
}

/* mremap() that shrinks a range whose end is in the fence, which to the client is not mapped. */
static void a_range_shrinks_away_from_a_fence(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	char *page = (char *)d->user[0];

	(void)state;
	assert_ptr_equal((void *)emu_mremap(page, 2 * PAGE, PAGE, 0, NULL), page);
	assert_false(is_hole(page + PAGE, PAGE));
	assert_int_equal(unit_touch(page + PAGE, false), SEGV_MAPERR);
	assert_int_equal(emu_mremap(page, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, NULL), -EFAULT);
	assert_int_equal(emu_mremap(page, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL), -EFAULT);
	unit_device_free(d);
}

/* Memory of the client's own, where a surface was until just now. */
static void other_memory_moves_as_ever(void **state)
{
	struct device *d = unit_device_new(100, 10, -1);
	char *own = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *moved;

	(void)state;
	own[3] = 42;
	moved = (char *)emu_mremap(own, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL);
	assert_true((long)moved > 0);
	assert_int_equal(moved[3], 42);
	munmap(moved, 2 * PAGE);
	unit_device_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fence_is_a_hole_to_memory_calls),
		cmocka_unit_test(a_mapping_on_a_fence_ends_the_fence),
		cmocka_unit_test(a_range_beyond_a_surface_takes_its_fences_2_4),
		cmocka_unit_test(an_interface_page_moves_out_of_its_fences),
		cmocka_unit_test(the_emulator_chooses_multiples_of_2_mib),
		cmocka_unit_test(no_fence_where_something_else_is),
		cmocka_unit_test(hints_side_by_side_are_honoured),
		cmocka_unit_test(an_interface_page_moves_into_its_own_fence),
		cmocka_unit_test(a_refused_mremap_changes_nothing),
		cmocka_unit_test(room_is_made_without_a_hole),
		cmocka_unit_test(a_range_shrinks_away_from_a_fence),
		cmocka_unit_test(other_memory_moves_as_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
