// SPDX-License-Identifier: MIT
/*
 * test_emu_read_slots.c - reads into frames that were used before, in any order
 *
 * With strategy=move some of their slots are resident, and READ reads into these.
 */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "emu/slots.h"
#include "emu/sys.h"
#include "file.h"

#define ALLOC EXMAP_OP_ALLOC
#define READ EXMAP_OP_READ
#define FREE EXMAP_OP_FREE
#define PAGE EXMAP_PAGE_SIZE

static struct emu_slots *slots_of(const struct device *d)
{
	return d->file->dev->surface->slots;
}

static u64 resident_slots(const struct device *d)
{
	struct emu_slots *slots = slots_of(d);
	u64 n = 0;

	for (u64 frame = 0; slots && frame < d->frames; frame++)
		n += slots->slot[frame] == SLOT_RESIDENT;
	return n;
}

static u64 pages_in_memory(char *base, u64 n)
{
	unsigned char *seen = unit_alloc(n);
	u64 found = 0;

	assert_int_equal(mincore(base, n * PAGE, seen), 0);
	for (u64 i = 0; i < n; i++)
		found += seen[i] & 1;
	free(seen);
	return found;
}

/* No more pages are resident than there are frames, and each slot is what its state says. */
static void expect_bound(const struct device *d)
{
	struct emu_slots *slots = slots_of(d);
	u64 mapped = unit_stats(d->file).alloc_count;

	if (!slots)
		return;
	assert_int_equal(pages_in_memory(d->base, d->pages), mapped);
	assert_int_equal(pages_in_memory(slots->base, d->frames), resident_slots(d));
	unit_assert_between(mapped + resident_slots(d), 0, d->frames);
}

/*
 * Allocates and frees @n frames in random order, so that neighbouring pages later get frames that
 * are not neighbours. A third of the pages is dropped when freed, and leaves an empty slot.
 */
static void shuffle(struct device *d, u64 n, u32 seed)
{
	u64 *order = unit_alloc(n * sizeof(*order));
	struct emu_slots *slots = slots_of(d);
	u32 random = seed;

	assert_int_equal(unit_one(d, 0, ALLOC, 0, n), n);
	memset(d->base, 0xee, n * PAGE);
	for (u64 i = 0; i < n; i++)
		order[i] = i;
	for (u64 i = n - 1; i; i--) {
		u64 j = unit_random(&random, i + 1);
		u64 other = order[i];

		order[i] = order[j];
		order[j] = other;
	}
	for (u64 i = 0; i < n; i++) {
		if (slots)
			slots->usable = i % 3;
		assert_int_equal(unit_one(d, 0, FREE, order[i], 1), 1);
	}
	if (slots) {
		slots->usable = true;
		unit_assert_between(resident_slots(d), 1, d->frames - n / 3);
	}
	free(order);
}

/* More pieces than one read of the backing takes, with resident and with empty slots. */
static void into_scattered_frames_5_2(void **state)
{
	int fd = unit_file(1000 * PAGE, O_RDONLY | O_DIRECT);
	struct device *d = unit_device_new(1000, 400, fd);

	(void)state;
	close(fd);
	for (u32 round = 1; round < 4; round++) {
		shuffle(d, 300, round);
		assert_int_equal(unit_read_pages(d, 0, READ, 20, 200), 200 * PAGE);
		unit_expect_content(d, 20, 200 * PAGE);
		expect_bound(d);
		assert_int_equal(unit_read_pages(d, 0, READ, 300, 200), 200 * PAGE);
		unit_expect_content(d, 300, 200 * PAGE);
		expect_bound(d);
		assert_int_equal(unit_one(d, 0, FREE, 0, 1000), 400);
		expect_bound(d);
	}
	unit_device_free(d);
}

static void end_of_the_file_at(u64 end, bool direct)
{
	int fd = unit_file(5 * PAGE + end, O_RDONLY | O_DIRECT);
	struct device *d = unit_device_new(1000, 300, fd);

	if (!direct) {
		char path[32];
		int plain;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		plain = open(path, O_RDONLY);
		assert_true(plain >= 0);
		assert_int_equal(dup2(plain, d->file->dev->backing_fd), d->file->dev->backing_fd);
		close(plain);
	}
	close(fd);
	shuffle(d, 150, end);
	assert_int_equal(unit_read_pages(d, 0, READ, 5, 150), end);
	unit_expect_content(d, 5, end);
	assert_int_equal(unit_stats(d->file).alloc_count, (end + PAGE - 1) / PAGE);
	expect_bound(d);
	assert_int_equal(unit_read_pages(d, 0, READ, 500, 100), 0);
	expect_bound(d);
	unit_device_free(d);
}

/*
 * The file ends inside a piece: the rest of its last page must be zeroes, and later pages stay
 * unmapped. Some filesystems write up to the end of the block in a direct read; others write
 * nothing behind the end of the file, and the emulator must zero that.
 */
static void end_of_the_file_in_scattered_frames_5_5(void **state)
{
	static const u64 ends[] = {
		1,	   512,		  PAGE - 1,	 PAGE,	    PAGE + 1,	     33 * PAGE + 7,
		64 * PAGE, 64 * PAGE + 1, 65 * PAGE - 1, 70 * PAGE, 100 * PAGE + 100
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		end_of_the_file_at(ends[i], true);
		end_of_the_file_at(ends[i], false);
	}
}

/* The slots are locked memory and the surface is not: then the kernel refuses to MOVE. */
static void what_does_not_move_is_copied(void **state)
{
	int fd = unit_file(1000 * PAGE, O_RDONLY | O_DIRECT);
	struct device *d = unit_device_new(1000, 2000, fd);
	struct emu_slots *slots = slots_of(d);

	(void)state;
	close(fd);
	/* Long pieces, longer than the bounce buffer; then scattered ones. */
	for (u32 round = 0; round < 2; round++) {
		if (round) {
			shuffle(d, 300, 1);
		} else {
			assert_int_equal(unit_one(d, 0, ALLOC, 0, 400), 400);
			assert_int_equal(unit_one(d, 0, FREE, 0, 400), 400);
		}
		/* By emu_sys(), because AddressSanitizer makes libc's mlock functions do nothing. */
		if (slots && emu_sys(SYS_mlock2, slots->base, slots->len, MLOCK_ONFAULT)) {
			print_message("mlock2() is refused\n");
			skip();
		}
		assert_int_equal(unit_read_pages(d, 0, READ, 20, 200), 200 * PAGE);
		unit_expect_content(d, 20, 200 * PAGE);
		expect_bound(d);
		assert_int_equal(unit_read_pages(d, 0, ALLOC, 300, 100), 100 * PAGE);
		expect_bound(d);
		if (slots)
			emu_sys(SYS_munlock, slots->base, slots->len);
		assert_int_equal(unit_one(d, 0, FREE, 0, 1000), 300);
		expect_bound(d);
	}
	unit_device_free(d);
}

/*
 * The backing fails behind pages that were read [5.6]. The backing is this process's own memory,
 * by /proc: reads of it fail at the first address that is not mapped.
 */
static void an_error_behind_what_was_read_5_6(void **state)
{
	struct device *d = unit_device_new(1000, 400, unit_file(PAGE, O_RDONLY | O_DIRECT));
	static char *const low = (char *)0x200000;
	u64 page = (uintptr_t)low / PAGE;
	int fd = open("/proc/self/mem", O_RDONLY);

	(void)state;
	assert_true(fd >= 0);
	if (mmap(low, 130 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != low) {
		print_message("no memory at %p\n", low);
		skip();
	}
	for (u64 i = 0; i < 130 * PAGE; i++)
		low[i] = unit_content(page * PAGE + i);
	assert_int_equal(dup2(fd, d->file->dev->backing_fd), d->file->dev->backing_fd);
	close(fd);
	for (u32 round = 0; round < 2; round++) {
		u64 resident;

		if (round)
			shuffle(d, 300, 1);
		assert_int_equal(unit_read_pages(d, 0, READ, page, 130), 130 * PAGE);
		unit_expect_content(d, page, 130 * PAGE);
		assert_int_equal(unit_one(d, 0, FREE, page, 130), 130);
		resident = resident_slots(d);
		assert_int_equal(unit_one(d, 0, ALLOC, page - 1, 1), 1);
		assert_int_equal(unit_read_pages(d, 0, READ, page, 131), -EIO);
		assert_int_equal(unit_read_pages(d, 0, READ, page, 300), -EIO);
		for (u64 i = page; i < page + 300; i++)
			assert_int_equal(unit_touch(d->base + i * PAGE, false), SEGV_MAPERR);
		assert_int_equal(unit_stats(d->file).alloc_count, 1);
		unit_assert_between(resident_slots(d), 0, resident);
		expect_bound(d);
		assert_int_equal(unit_one(d, 0, FREE, page - 1, 1), 1);
	}
	munmap(low, 130 * PAGE);
	unit_device_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(into_scattered_frames_5_2),
		cmocka_unit_test(end_of_the_file_in_scattered_frames_5_5),
		cmocka_unit_test(what_does_not_move_is_copied),
		cmocka_unit_test(an_error_behind_what_was_read_5_6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
