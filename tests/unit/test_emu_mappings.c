// SPDX-License-Identifier: MIT
/*
 * test_emu_mappings.c - strategy=mprotect where the process may have few more mappings
 *
 * No limit is changed: mappings of nothing fill the process up to a distance from the limit.
 */

#define _GNU_SOURCE
#include "unit.h"

#include <signal.h>
#include <stdio.h>

#include "device.h"
#include "emu/holes.h"
#include "emu/mappings.h"
#include "emu/options.h"
#include "emu/surface.h"

/* A system with a higher limit would need too much of the kernel's memory for each mapping. */
#define HIGHEST_LIMIT 300000

#define PAGES 65536

static char *filler;
static size_t filler_len;

/* Fills up the process's mappings, but for about @left. */
static void fill(u64 left)
{
	u64 limit = emu_mappings_limit();
	size_t at = 0;

	filler_len = 2 * limit << EXMAP_PAGE_SHIFT;
	filler = mmap(NULL, filler_len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		      0);
	assert_true(filler != MAP_FAILED);
	while (at < filler_len && !mprotect(filler + at, EXMAP_PAGE_SIZE, PROT_READ))
		at += 2 * EXMAP_PAGE_SIZE;
	/* Each of these unmappings gives back two. */
	for (u64 i = 0; i < left / 2; i++) {
		at -= 2 * EXMAP_PAGE_SIZE;
		assert_int_equal(mprotect(filler + at, EXMAP_PAGE_SIZE, PROT_NONE), 0);
	}
}

static void unfill(void)
{
	assert_int_equal(munmap(filler, filler_len), 0);
}

static void need_low_limit(void)
{
	if (emu_mappings_limit() <= HIGHEST_LIMIT)
		return;
	print_message("SKIP vm.max_map_count is above %d\n", HIGHEST_LIMIT);
	skip();
}

/* ALLOC or FREE of single pages: @n of them, from @page on, @step apart. Return: how many were done. */
static u32 singles(struct device *d, unsigned int opcode, u64 page, u64 step, u32 n)
{
	struct exmap_iov *iov = d->user[0]->iov;
	u32 done = 0;
	u32 failed = 0;

	for (u32 i = 0; i < n; i++)
		iov[i].value = (struct exmap_iov){ .page = page + i * step, .len = 1 }.value;
	assert_true(unit_do(d, 0, opcode, n) >= 0);
	for (u32 i = 0; i < n; i++) {
		if (iov[i].res) {
			assert_int_equal(iov[i].res, -ENOMEM);
			assert_int_equal(iov[i].pages, 0);
			failed++;
		} else {
			/* None behind one that failed. */
			assert_int_equal(failed, 0);
			done += iov[i].pages;
		}
	}
	return done;
}

static char *at_page(const struct device *d, u64 page)
{
	return d->base + (page << EXMAP_PAGE_SHIFT);
}

/* The pages that are scattered. The first page of the surface stays a part of the hole before it. */
static u64 scattered(u64 i)
{
	return 2 + 2 * i;
}

/* Number of the process's mappings that have a page of the surface. */
static u32 mappings_of(const struct device *d)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	uintptr_t base = (uintptr_t)d->base;
	unsigned long start, end;
	char line[512];
	u32 n = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && end > base)
			n += start < base + (d->pages << EXMAP_PAGE_SHIFT);
	}
	fclose(maps);
	return n;
}

/* Every other page, until no more fit. Return: their number. */
static u32 alloc_scattered(struct device *d)
{
	u32 n = 0;
	u32 done;

	do {
		done = singles(d, EXMAP_OP_ALLOC, scattered(n), 2, 512);
		for (u32 i = n; i < n + done; i++)
			*at_page(d, scattered(i)) = 1;
		n += done;
	} while (done == 512);
	return n;
}

static void free_all(struct device *d, u32 n)
{
	for (u32 i = 0; i < n; i += 512)
		assert_int_equal(singles(d, EXMAP_OP_FREE, scattered(i), 2, EXMAP_MIN(n - i, 512)),
				 EXMAP_MIN(n - i, 512));
}

/* More frames than mappings: ALLOC ends in time, and again and again all of it can be freed. */
static void test_alloc_ends_in_time(void **state)
{
	struct device *d;
	u64 most;
	u32 n;

	(void)state;
	need_low_limit();
	fill(5000);
	d = unit_device_new(PAGES, 20000, -1);
	n = alloc_scattered(d);
	unit_assert_between(n, 1000, 2000);
	assert_int_equal(unit_stats(d->file).alloc_count, n);

	/* What failed is as it was; what was done stands. */
	assert_int_equal(unit_touch(at_page(d, scattered(n)), false), SEGV_MAPERR);
	assert_int_equal(unit_touch(at_page(d, scattered(n - 1)), true), 0);

	/* A neighbour shares a pair, and fits. It has only that one to lose. */
	assert_int_equal(unit_one(d, 1, EXMAP_OP_ALLOC, 3, 1), 1);
	assert_int_equal(unit_one(d, 1, EXMAP_OP_FREE, 3, 1), 1);
	free_all(d, n);

	/* Pages that came and went leave no mappings behind. */
	assert_int_equal(mappings_of(d), 1);
	assert_int_equal(alloc_scattered(d), n);
	free_all(d, n);

	/*
	 * A long run needs one mapping. It gets what its pages could need one by one: the first 64s of
	 * its pages that fit. Then every other of them can be freed.
	 */
	most = unit_one(d, 0, EXMAP_OP_ALLOC, 64, 4095);
	if ((long)most == -ENOMEM)
		most = unit_stats(d->file).alloc_count;
	unit_assert_between(most, 2 * n - 64, 2 * n);
	for (u64 page = 64; page + 1024 <= 64 + most; page += 1024)
		assert_int_equal(singles(d, EXMAP_OP_FREE, page, 2, 512), 512);
	unit_device_free(d);
	unfill();
}

/* The program uses up the mappings behind the emulator's back: FREE works, ALLOC waits. */
static void test_free_has_a_reserve(void **state)
{
	struct device *d;

	(void)state;
	need_low_limit();
	d = unit_device_new(PAGES, 4096, -1);
	assert_int_equal(unit_one(d, 0, EXMAP_OP_ALLOC, 0, 2048), 2048);
	memset(d->base, 1, 2048 << EXMAP_PAGE_SHIFT);
	fill(0);
	assert_int_equal(singles(d, EXMAP_OP_ALLOC, 4096, 2, 4), 0);
	assert_int_equal(unit_stats(d->file).alloc_count, 2048);
	assert_int_equal(unit_touch(at_page(d, 4096), false), SEGV_MAPERR);

	/* The most that one FREE can need. */
	assert_int_equal(singles(d, EXMAP_OP_FREE, 1, 2, 512), 512);
	for (u32 i = 0; i < 512; i++)
		assert_int_equal(unit_touch(at_page(d, 1 + 2 * i), false), SEGV_MAPERR);
	assert_int_equal(unit_touch(at_page(d, 2), false), 0);

	/* The reserve is used up, though a mapping may be left: no page is allocated. */
	assert_int_equal(unit_one(d, 0, EXMAP_OP_FREE, 2, 1), 1);
	assert_int_equal(unit_one(d, 0, EXMAP_OP_ALLOC, 2, 1), -ENOMEM);
	unfill();
	assert_int_equal(unit_one(d, 0, EXMAP_OP_ALLOC, 2, 1), 1);
	unit_device_free(d);
}

/* SHADOW of @len pages from @source on, at @target. Return: as the ioctl. */
static long shadow(struct device *d, u64 source, u64 len, u64 target)
{
	struct exmap_action_params params = {
		.interface = 1, .iov_len = 1, .opcode = EXMAP_OP_SHADOW, .page_id = target
	};

	d->user[1]->iov[0].value = (struct exmap_iov){ .page = source, .len = len }.value;
	return unit_action(d->file, &params);
}

/* Shadows that are scattered take no mapping that FREE may need. */
static void test_shadows_leave_room(void **state)
{
	struct device *d;
	u64 calls = 0;
	long ret;

	(void)state;
	need_low_limit();
	fill(60000);
	d = unit_device_new(4 * PAGES, 20000, -1);
	/* Of every other source there is a shadow. */
	for (u64 page = 0; page < 2048; page += 1024)
		assert_int_equal(singles(d, EXMAP_OP_ALLOC, page, 2, 512), 512);
	for (u64 page = PAGES; page < PAGES + 18000; page += 2000)
		assert_int_equal(unit_one(d, 0, EXMAP_OP_ALLOC, page, 2000), 2000);
	do {
		ret = shadow(d, 0, 2048, 2 * PAGES + 2048 * calls++);
	} while (!ret && calls < 60);
	assert_int_equal(ret, -ENOMEM);
	unit_assert_between(calls, 4, 5);

	/* FREE of every other page gets a mapping for each hole. */
	for (u64 page = PAGES; page + 1024 <= PAGES + 18000; page += 1024)
		assert_int_equal(singles(d, EXMAP_OP_FREE, page, 2, 512), 512);

	/* Ended shadows give back what they took. */
	ret = unit_action(
		d->file, &(struct exmap_action_params){ .interface = 1, .opcode = EXMAP_OP_RM_SD });
	assert_int_equal(ret, 0);
	assert_int_equal(shadow(d, PAGES, 18000, 3 * PAGES), 0);
	assert_int_equal(shadow(d, 0, 2048, 2 * PAGES), 0);
	unit_device_free(d);
	unfill();
}

/* The last exmap of a process gets what is left, and gives it back. */
static void test_several(void **state)
{
	struct device *first;
	struct device *second;
	u32 n;

	(void)state;
	need_low_limit();
	fill(8000);
	first = unit_device_new(PAGES, 20000, -1);
	second = unit_device_new(PAGES, 20000, -1);
	/* An eighth was left, of which it gets seven. */
	assert_true(second->file->dev->surface->mappings < first->file->dev->surface->mappings / 7);
	n = alloc_scattered(first);
	unit_assert_between(alloc_scattered(second), 1, n / 7);
	unit_device_free(first);
	unit_device_free(second);
	first = unit_device_new(PAGES, 20000, -1);
	unit_assert_between(alloc_scattered(first), n - 16, n + 16);
	unit_device_free(first);
	unfill();
}

/* With holes=readable all frames can be used, whatever the limit. */
static void test_readable_holes(void **state)
{
	struct device *d;
	u64 readable = 0;

	(void)state;
	need_low_limit();
	fill(3000);
	d = unit_device_new(PAGES, 20000, -1);
	for (u32 round = 0; round < 3; round++) {
		assert_int_equal(alloc_scattered(d), 20000);
		assert_int_equal(unit_one(d, 0, EXMAP_OP_ALLOC, 39999, 1), -ENOMEM);
		for (u32 i = 0; i < 20000; i += 97)
			assert_int_equal(unit_touch(at_page(d, scattered(i)), true), 0);
		free_all(d, 20000);
		assert_int_equal(unit_stats(d->file).alloc_count, 0);
	}
	for (u32 i = 0; i < 20000; i++) {
		char *page = at_page(d, scattered(i));

		if (unit_touch(page, false))
			continue;
		assert_int_equal(*page, 0);
		readable++;
	}
	/* The pages that were freed last are holes. */
	unit_assert_between(readable, 1, 19999);
	assert_true(d->file->dev->exposed >= 1);

	/* A run that is freed by every other page. */
	assert_int_equal(unit_one(d, 0, EXMAP_OP_ALLOC, 0, 4095), 4095);
	for (u64 page = 0; page + 1024 <= 4095; page += 1024)
		assert_int_equal(singles(d, EXMAP_OP_FREE, page, 2, 512), 512);
	assert_int_equal(unit_stats(d->file).alloc_count, 4095 - 3 * 512);
	unit_device_free(d);
	unfill();
}

/* A surface without a page is one mapping with its fences, and must be cut off from them first. */
static void test_readable_from_the_start(void **state)
{
	struct device *d;

	(void)state;
	need_low_limit();
	d = unit_device_new(PAGES, 16, -1);
	fill(0);
	assert_int_equal(unit_one(d, 0, EXMAP_OP_ALLOC, 100, 1), 1);
	assert_int_equal(unit_touch(at_page(d, 100), true), 0);
	unit_device_free(d);
	unfill();
}

static void test_holes(void **state)
{
	struct emu_holes *h = emu_holes_new(EMU_COUNT_PAIRS, 1000, 11);

	(void)state;
	assert_non_null(h);
	assert_int_equal(emu_holes_most(h), 5);
	assert_int_equal(emu_holes_add(h, 0, 2), 2);
	assert_int_equal(emu_holes_add(h, 63, 2), 2); /* two words, two pairs */
	assert_int_equal(emu_holes_add(h, 200, 1), 1);
	assert_int_equal(emu_holes_add(h, 201, 1), 1); /* in the pair of 200 */
	assert_int_equal(emu_holes_add(h, 999, 1), 1);
	assert_int_equal(emu_holes_add(h, 500, 1), 0);
	assert_int_equal(emu_holes_add(h, 998, 1), 1);
	emu_holes_remove(h, 201, 1);
	assert_int_equal(emu_holes_add(h, 500, 1), 0); /* 200 is left */
	emu_holes_remove(h, 200, 1);
	assert_int_equal(emu_holes_add(h, 382, 4), 2); /* up to the end of the word */
	emu_holes_remove(h, 382, 2);
	emu_holes_remove(h, 63, 2);
	emu_holes_remove(h, 0, 2);
	emu_holes_remove(h, 998, 2);
	assert_int_equal(emu_holes_add(h, 128, 64), 0);
	assert_int_equal(emu_holes_add(h, 700, 10), 10);
	emu_holes_free(h);
	emu_holes_free(NULL);
}

/* Of shadows the stretches are counted. */
static void test_stretches(void **state)
{
	struct emu_holes *h = emu_holes_new(EMU_COUNT_STRETCHES, 1000, 7);

	(void)state;
	assert_non_null(h);
	assert_int_equal(emu_holes_most(h), 3);
	assert_int_equal(emu_holes_add(h, 10, 3), 3);
	assert_int_equal(emu_holes_add(h, 20, 1), 1);
	assert_int_equal(emu_holes_add(h, 30, 1), 1);
	assert_int_equal(emu_holes_add(h, 40, 1), 0);
	assert_int_equal(emu_holes_add(h, 13, 7), 7); /* now 10 to 20 is one */
	assert_int_equal(emu_holes_add(h, 40, 1), 1);
	assert_int_equal(emu_holes_remove(h, 15, 1), 0); /* and would be two */
	assert_int_equal(emu_holes_remove(h, 10, 1), 1);
	assert_int_equal(emu_holes_remove(h, 40, 1), 1);
	assert_int_equal(emu_holes_remove(h, 15, 1), 1);
	assert_int_equal(emu_holes_add(h, 40, 1), 0);
	assert_int_equal(emu_holes_add(h, 15, 1), 1);
	assert_int_equal(emu_holes_add(h, 100, 60), 28); /* up to the end of the word */
	emu_holes_free(h);
}

/* Threads that own every fourth page each, so that the pages of a pair are two threads'. */
static void add_and_remove(void *ctx, unsigned int index)
{
	struct emu_holes *h = ctx;
	u32 random = index;

	for (u32 i = 0; i < UNIT_ROUNDS(200000); i++) {
		u64 page = unit_random(&random, 250) * 4 + index;

		if (emu_holes_add(h, page, 1))
			emu_holes_remove(h, page, 1);
	}
}

static void test_holes_race(void **state)
{
	struct emu_holes *h = emu_holes_new(EMU_COUNT_PAIRS, 1000, 7);

	(void)state;
	assert_non_null(h);
	unit_run_threads(4, add_and_remove, h);
	/* No pair was lost or counted twice. */
	for (u64 page = 0; page < 6; page += 2)
		assert_int_equal(emu_holes_add(h, page, 1), 1);
	assert_int_equal(emu_holes_add(h, 6, 1), 0);
	emu_holes_free(h);
}

int main(void)
{
	static const struct CMUnitTest hidden[] = {
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_stretches),
		cmocka_unit_test(test_holes_race),
		cmocka_unit_test(test_alloc_ends_in_time),
		cmocka_unit_test(test_free_has_a_reserve),
		cmocka_unit_test(test_shadows_leave_room),
		cmocka_unit_test(test_several),
	};
	static const struct CMUnitTest readable[] = {
		cmocka_unit_test(test_readable_holes),
		cmocka_unit_test(test_readable_from_the_start),
	};

	if (emu_options()->readable_holes)
		return cmocka_run_group_tests(readable, NULL, NULL);
	return cmocka_run_group_tests(hidden, NULL, NULL);
}
