// SPDX-License-Identifier: MIT
/* test_emu_chunks.c - strategy=guard: chunks, protection, locked memory, memory that runs out */

#define _GNU_SOURCE
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "emu/memory.h"
#include "emu/surface.h"
#include "emu/sys.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE
#define PAGE EXMAP_PAGE_SIZE
/* Pages of a chunk in a surface of up to 8 GiB. */
#define CHUNK 512ul
#define MAX_CHUNKS 4096ul

/* Return: number of the process's mappings that lie in the surface. */
static size_t mappings(const struct device *d)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	uintptr_t base = (uintptr_t)d->base;
	unsigned long start;
	unsigned long end;
	char line[512];
	size_t n = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		n += sscanf(line, "%lx-%lx", &start, &end) == 2 && end > base &&
		     start < base + d->pages * PAGE;
	fclose(maps);
	return n;
}

/* The chunk of an allocated page opens; its other pages, and all other chunks, still fault. */
static void chunks_open_one_by_one_6_1(void **state)
{
	struct device *d = unit_device_new(4 * CHUNK + 100, 10, -1);

	(void)state;
	assert_int_equal(mappings(d), 1);
	assert_int_equal(unit_one(d, 0, ALLOC, CHUNK + 7, 1), 1);
	assert_int_equal(mappings(d), 3);
	assert_int_equal(unit_touch(d->base + (CHUNK + 7) * PAGE, true), 0);
	assert_int_equal(unit_touch(d->base + (CHUNK + 6) * PAGE, true), SEGV_MAPERR);
	assert_int_equal(unit_touch(d->base + (CHUNK - 1) * PAGE, true), SEGV_MAPERR);
	assert_int_equal(unit_touch(d->base + 2 * CHUNK * PAGE, false), SEGV_MAPERR);
	/* The last chunk is shorter than the others. */
	assert_int_equal(unit_one(d, 0, ALLOC, 4 * CHUNK + 99, 1), 1);
	assert_int_equal(mappings(d), 4);
	/* A range opens all of its chunks, and leaves those that are open as they are. */
	d->base[(CHUNK + 7) * PAGE] = 42;
	assert_int_equal(unit_one(d, 0, ALLOC, 2 * CHUNK - 2, 4), 4);
	assert_int_equal(mappings(d), 4);
	assert_int_equal(d->base[(CHUNK + 7) * PAGE], 42);
	assert_int_equal(unit_touch(d->base + (2 * CHUNK + 1) * PAGE, true), 0);
	assert_int_equal(unit_touch(d->base + (2 * CHUNK + 2) * PAGE, true), SEGV_MAPERR);
	assert_int_equal(unit_touch(d->base + (3 * CHUNK - 1) * PAGE, true), SEGV_MAPERR);
	assert_int_equal(unit_touch(d->base + 3 * CHUNK * PAGE, true), SEGV_MAPERR);
	unit_device_free(d);
}

/* However large the surface, and wherever its pages are used: some thousand mappings. */
static void mappings_are_bounded(void **state)
{
	struct device *d = unit_device_new(8 * MAX_CHUNKS * CHUNK, 10, -1);

	(void)state;
	for (u64 page = 3; page < d->pages; page += 16 * CHUNK) {
		assert_int_equal(unit_one(d, 0, ALLOC, page, 1), 1);
		assert_int_equal(unit_touch(d->base + page * PAGE, true), 0);
		assert_int_equal(unit_touch(d->base + (page + 8 * CHUNK) * PAGE, true),
				 SEGV_MAPERR);
		assert_int_equal(unit_one(d, 0, FREE, page, 1), 1);
		assert_int_equal(unit_touch(d->base + page * PAGE, true), SEGV_MAPERR);
	}
	/* Every other chunk is open. */
	assert_int_equal(mappings(d), MAX_CHUNKS);
	unit_device_free(d);
}

/* mprotect() holds for chunks that are open, and for those that open later [2.6]. */
static void protection_holds_for_all_chunks_2_6(void **state)
{
	struct device *d = unit_device_new(8 * CHUNK, 20, -1);
	char *open = d->base + 3 * CHUNK * PAGE;
	char *later = d->base + 6 * CHUNK * PAGE;

	(void)state;
	assert_int_equal(unit_one(d, 0, ALLOC, CHUNK, 1), 1);
	assert_int_equal(unit_one(d, 0, ALLOC, 3 * CHUNK, 1), 1);
	assert_int_equal(unit_one(d, 0, ALLOC, 4 * CHUNK, 1), 1);
	*open = 42;
	assert_int_equal(emu_mprotect(d->base, d->pages * PAGE, PROT_READ), 0);
	assert_int_equal(unit_touch(open, true), SEGV_ACCERR);
	assert_int_equal(unit_touch(d->base + CHUNK * PAGE, true), SEGV_ACCERR);
	assert_int_equal(unit_touch(d->base + 4 * CHUNK * PAGE, true), SEGV_ACCERR);
	assert_int_equal(*open, 42);
	assert_int_equal(unit_touch(open + PAGE, false), SEGV_MAPERR);
	assert_int_equal(unit_touch(later, false), SEGV_MAPERR);
	assert_int_equal(unit_one(d, 0, ALLOC, 6 * CHUNK, 1), 1);
	assert_int_equal(unit_touch(later, false), 0);
	assert_int_equal(unit_touch(later, true), SEGV_ACCERR);
	assert_int_equal(unit_touch(later + PAGE, false), SEGV_MAPERR);
	assert_int_equal(emu_mprotect(d->base, d->pages * PAGE, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(unit_touch(later, true), 0);
	assert_int_equal(unit_touch(open, true), 0);
	assert_int_equal(unit_touch(d->base + 5 * CHUNK * PAGE, true), SEGV_MAPERR);
	unit_device_free(d);
}

/* The kernel installs no guards in memory that the client has locked. FREE unlocks the surface. */
static void pages_of_a_locked_surface_are_freed_6_1(void **state)
{
	struct device *d = unit_device_new(2 * CHUNK, 20, -1);

	(void)state;
	assert_int_equal(unit_one(d, 0, ALLOC, 7, 2), 2);
	/* By emu_sys(), because AddressSanitizer makes libc's mlock functions do nothing. */
	if (emu_sys(SYS_mlock2, d->base, d->pages * PAGE, MLOCK_ONFAULT)) {
		print_message("mlock2() is refused\n");
		unit_device_free(d);
		skip();
	}
	assert_int_equal(unit_one(d, 0, FREE, 7, 1), 1);
	assert_int_equal(unit_touch(d->base + 7 * PAGE, false), SEGV_MAPERR);
	assert_int_equal(unit_touch(d->base + 8 * PAGE, true), 0);
	assert_int_equal(emu_sys(SYS_mlock2, d->base, d->pages * PAGE, MLOCK_ONFAULT), 0);
	assert_int_equal(unit_one(d, 0, ALLOC, CHUNK + 3, 1), 1);
	assert_int_equal(unit_touch(d->base + (CHUNK + 4) * PAGE, false), SEGV_MAPERR);
	unit_device_free(d);
}

/*
 * A page that the kernel cannot populate fails its vector, and those behind it, with ENOMEM [4.6].
 * Memory that was made read-only behind the emulator's back stands for memory that ran out.
 */
static void memory_runs_out_4_6(void **state)
{
	struct device *d = unit_device_new(CHUNK, 20, -1);
	struct exmap_iov *iov = d->user[0]->iov;

	(void)state;
	assert_int_equal(unit_one(d, 0, ALLOC, 1, 1), 1);
	assert_int_equal(emu_sys(SYS_mprotect, d->base + 21 * PAGE, PAGE, PROT_READ), 0);
	for (u32 i = 0; i < 3; i++) {
		iov[i].value = 0;
		iov[i].page = 10 + 10 * i;
		iov[i].len = 2;
	}
	assert_int_equal(unit_do(d, 0, ALLOC, 3), 2);
	assert_int_equal(iov[0].res, 0);
	assert_int_equal(iov[0].pages, 2);
	assert_int_equal(iov[1].res, -ENOMEM);
	assert_int_equal(iov[1].pages, 0);
	assert_int_equal(iov[2].res, -ENOMEM);
	assert_int_equal(iov[2].pages, 0);
	assert_int_equal(unit_touch(d->base + 11 * PAGE, true), 0);
	assert_int_equal(unit_touch(d->base + 20 * PAGE, false), SEGV_MAPERR);
	assert_int_equal(unit_touch(d->base + 21 * PAGE, false), SEGV_MAPERR);
	assert_int_equal(unit_touch(d->base + 31 * PAGE, false), SEGV_MAPERR);
	assert_int_equal(emu_sys(SYS_mprotect, d->base + 21 * PAGE, PAGE, PROT_READ | PROT_WRITE),
			 0);
	assert_int_equal(unit_one(d, 0, ALLOC, 20, 12), 12);
	assert_int_equal(unit_touch(d->base + 21 * PAGE, true), 0);
	unit_device_free(d);
}

/*
 * A chunk that cannot be opened fails its vector with ENOMEM [4.6], and can be opened later.
 * A hole in the mapping stands for page tables for which there is no memory.
 */
static void chunk_cannot_be_opened_4_6(void **state)
{
	struct device *d = unit_device_new(3 * CHUNK, 20, -1);
	char *hole = d->base + (CHUNK + 9) * PAGE;

	(void)state;
	assert_int_equal(emu_sys(SYS_munmap, hole, PAGE), 0);
	assert_int_equal(unit_one(d, 0, ALLOC, CHUNK + 3, 1), -ENOMEM);
	assert_int_equal(unit_touch(d->base + (CHUNK + 3) * PAGE, false), SEGV_MAPERR);
	assert_int_equal(unit_one(d, 0, ALLOC, 2 * CHUNK, 1), 1);
	assert_int_equal(emu_sys(SYS_mmap, hole, PAGE, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0),
			 hole);
	assert_int_equal(unit_one(d, 0, ALLOC, CHUNK + 3, 1), 1);
	assert_int_equal(unit_touch(d->base + (CHUNK + 3) * PAGE, true), 0);
	assert_int_equal(unit_touch(d->base + (CHUNK + 4) * PAGE, true), SEGV_MAPERR);
	unit_device_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks_open_one_by_one_6_1),
		cmocka_unit_test(mappings_are_bounded),
		cmocka_unit_test(protection_holds_for_all_chunks_2_6),
		cmocka_unit_test(pages_of_a_locked_surface_are_freed_6_1),
		cmocka_unit_test(memory_runs_out_4_6),
		cmocka_unit_test(chunk_cannot_be_opened_4_6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
