// SPDX-License-Identifier: MIT
/* test_emu_race.c - the emulator's calls from many threads, and around munmap */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>

#include "device.h"
#include "emu/memory.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE
#define PAGE EXMAP_PAGE_SIZE
#define OWN 64

struct race {
	struct device *d;
	struct exmap_file *file;
	u32 rounds;
	u32 stop;
	u32 wrong;
};

static void wrong_if(struct race *r, bool condition)
{
	if (condition)
		__atomic_add_fetch(&r->wrong, 1, __ATOMIC_RELAXED);
}

/* Each thread has its own pages, but the threads take each other's frames all the time. */
static void own_pages(void *ctx, unsigned int index)
{
	struct race *r = ctx;
	u32 random = index + 1;
	u8 held[OWN] = { 0 };

	for (u32 round = 0; round < r->rounds; round++) {
		u32 page = unit_random(&random, OWN);
		u64 where = (u64)index * OWN + page;
		u64 *word = (u64 *)(r->d->base + where * PAGE);

		if (held[page]) {
			/* What this thread has stored stays until it frees the page. */
			wrong_if(r, *word != where);
			wrong_if(r, unit_one(r->d, index, FREE, where, 1) != 1);
		} else {
			wrong_if(r, unit_one(r->d, index, ALLOC, where, 1) != 1);
			/* Zeroes, or what a thread has stored in its frame [4.8]. */
			wrong_if(r, *word >= UNIT_INTERFACES * OWN);
			*word = where;
		}
		held[page] = !held[page];
	}
}

static void threads_on_their_own_pages(void **state)
{
	struct race r = { .rounds = UNIT_LONG_ROUNDS(20000) };

	(void)state;
	r.d = unit_device_new(UNIT_INTERFACES * OWN, UNIT_INTERFACES * OWN, -1);
	unit_run_threads(UNIT_INTERFACES, own_pages, &r);
	assert_int_equal(r.wrong, 0);
	unit_device_free(r.d);
}

static void act_or_change(void *ctx, unsigned int index)
{
	struct race *r = ctx;
	size_t len = r->d->pages << EXMAP_PAGE_SHIFT;
	u32 random = index + 1;

	while (index && !exmap_load(&r->stop)) {
		unsigned int opcode = unit_random(&random, 2) ? ALLOC : FREE;
		long ret = unit_one(r->d, index, opcode, unit_random(&random, 500), 1 + index);

		wrong_if(r, ret > 1 + (long)index || (ret < 0 && ret != -EPROTO));
		unit_stats(r->d->file);
	}
	if (index)
		return;
	for (u32 round = 0; round < r->rounds; round++) {
		char *base;

		if (round % 2) {
			wrong_if(r, emu_mprotect(r->d->base, len, PROT_READ) != 0);
			wrong_if(r, emu_mprotect(r->d->base, len, PROT_READ | PROT_WRITE) != 0);
			continue;
		}
		wrong_if(r, emu_munmap(r->d->base, len) != 0);
		base = emu_mmap(r->d->file, NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
		wrong_if(r, (long)base <= 0);
		if ((long)base > 0)
			r->d->base = base;
	}
	exmap_store(&r->stop, 1);
}

/* There are frames enough: an action can only fail because no surface is mapped at the moment. */
static void actions_while_the_surface_comes_and_goes_2_4_2_6(void **state)
{
	struct race r = { .rounds = UNIT_LONG_ROUNDS(2000) };

	(void)state;
	r.d = unit_device_new(512, 512, -1);
	unit_run_threads(UNIT_INTERFACES, act_or_change, &r);
	assert_int_equal(r.wrong, 0);
	unit_device_free(r.d);
}

static void set_up(void *ctx, unsigned int index)
{
	struct race *r = ctx;
	long ret = unit_setup(r->file, -1, 1 + index, 10, 0);

	if (!ret)
		__atomic_add_fetch(&r->stop, 1, __ATOMIC_RELAXED);
	else
		wrong_if(r, ret != -EBUSY);
}

static void exactly_one_setup_succeeds_3_1(void **state)
{
	(void)state;
	for (u32 round = 0; round < UNIT_ROUNDS(200); round++) {
		struct race r = { .file = emu_open(O_RDWR, EMU_NAME_PLAIN) };

		unit_run_threads(UNIT_INTERFACES, set_up, &r);
		assert_int_equal(r.wrong, 0);
		assert_int_equal(r.stop, 1);
		emu_file_put(r.file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_on_their_own_pages),
		cmocka_unit_test(actions_while_the_surface_comes_and_goes_2_4_2_6),
		cmocka_unit_test(exactly_one_setup_succeeds_3_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
