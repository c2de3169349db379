// SPDX-License-Identifier: MIT
/* test_emu_shadow.c - shadows are copies: into new pages, and into those of ended shadows */

#define _GNU_SOURCE
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "emu/memory.h"
#include "emu/options.h"
#include "emu/surface.h"
#include "emu/sys.h"

#define PAGE EXMAP_PAGE_SIZE
#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE

static long show(struct device *d, u32 id, u64 page, u64 len, u64 target)
{
	struct exmap_action_params params = {
		.interface = id,
		.iov_len = 1,
		.opcode = EXMAP_OP_SHADOW,
		.page_id = target,
	};

	d->user[id]->iov[0] = (struct exmap_iov){ { .page = page, .len = len } };
	return unit_action(d->file, &params);
}

static char *at(const struct device *d, u64 page)
{
	return d->base + page * PAGE;
}

static void fill(struct device *d, u64 page, u64 len, int value)
{
	for (u64 i = page; i < page + len; i++)
		memset(at(d, i), value + (int)i, PAGE);
}

static void expect_shown(struct device *d, u64 target, u64 len, u64 page, int value)
{
	for (u64 i = 0; i < len; i++) {
		char want = (char)(value + (int)(page + i));

		assert_int_equal(unit_touch(at(d, target + i), false), 0);
		assert_int_equal(*at(d, target + i), want);
		assert_int_equal(*(at(d, target + i) + PAGE - 1), want);
	}
}

static struct device *start(u64 frames)
{
	struct device *d = unit_device_new(16384, frames, -1);

	assert_int_equal(unit_one(d, 0, ALLOC, 0, 64), 64);
	fill(d, 0, 64, 1);
	return d;
}

/* With shadow=strict a page goes at once. Otherwise it stays, for the next SHADOW. */
static void pages_stay_as_the_option_says(void **state)
{
	struct device *d = start(100);
	bool strict = emu_options()->strict_shadows;

	(void)state;
	for (int round = 0; round < 5; round++) {
		fill(d, 0, 64, round);
		assert_int_equal(show(d, 0, round, 60, 1000), 0);
		expect_shown(d, 1000, 60, round, round);
		assert_int_equal(unit_do(d, 0, EXMAP_OP_RM_SD, 0), 0);
		if (strict)
			assert_int_equal(unit_touch(at(d, 1000), false), SEGV_MAPERR);
		else
			expect_shown(d, 1000, 60, round, round);
	}
	assert_int_equal(unit_one(d, 1, FREE, 1000, 30), 0);
	assert_int_equal(unit_touch(at(d, 1029), false), SEGV_MAPERR);
	assert_int_equal(unit_touch(at(d, 1030), false), strict ? SEGV_MAPERR : 0);
	assert_int_equal(show(d, 0, 0, 60, 1000), 0);
	expect_shown(d, 1000, 60, 0, 4);
	unit_device_free(d);
}

/* More pages than an interface may leave mapped. */
static void pages_beyond_the_bound_go(void **state)
{
	struct device *d = start(100);
	bool strict = emu_options()->strict_shadows;
	u64 target = 1000;

	(void)state;
	for (; target < 1000 + EMU_KEPT_PAGES + 640; target += 64)
		assert_int_equal(show(d, 0, 0, 64, target), 0);
	expect_shown(d, target - 64, 64, 0, 1);
	assert_int_equal(unit_do(d, 0, EXMAP_OP_RM_SD, 0), 0);
	assert_int_equal(unit_touch(at(d, 1000 + EMU_KEPT_PAGES - 1), false),
			 strict ? SEGV_MAPERR : 0);
	assert_int_equal(unit_touch(at(d, 1000 + EMU_KEPT_PAGES), false), SEGV_MAPERR);
	unit_device_free(d);
}

/* A surface that may only be read, in which pages of ended shadows are or are not. */
static void surface_that_may_only_be_read(void **state)
{
	struct device *d = start(100);
	size_t len = d->pages * PAGE;

	(void)state;
	assert_int_equal(show(d, 0, 0, 10, 1000), 0);
	assert_int_equal(unit_do(d, 0, EXMAP_OP_RM_SD, 0), 0);
	assert_int_equal(emu_mprotect(d->base, len, PROT_READ), 0);
	assert_int_equal(show(d, 0, 20, 20, 1000), 0);
	expect_shown(d, 1000, 20, 20, 1);
	assert_int_equal(unit_touch(at(d, 1000), true), SEGV_ACCERR);
	assert_int_equal(unit_touch(at(d, 1019), true), SEGV_ACCERR);
	assert_int_equal(emu_mprotect(d->base, len, PROT_NONE), 0);
	assert_int_equal(unit_touch(at(d, 1000), false), SEGV_ACCERR);
	assert_int_equal(emu_mprotect(d->base, len, PROT_READ | PROT_WRITE), 0);
	expect_shown(d, 1000, 20, 20, 1);
	unit_device_free(d);
}

/*
 * A source that another thread frees while it is copied: here its page has become inaccessible
 * behind the emulator's back. Its target is not mapped, the others show what they should.
 */
static void source_that_goes_leaves_a_hole(void **state)
{
	struct device *d = start(100);

	(void)state;
	for (int round = 0; round < 3; round++) {
		u64 gone = (u64[]){ 0, 5, 19 }[round];

		/* The first SHADOW is into new pages, the second into those that were left. */
		for (int again = 0; again < 2; again++) {
			assert_int_equal(emu_sys(SYS_mprotect, at(d, gone), PAGE, PROT_NONE), 0);
			assert_int_equal(show(d, 0, 0, 20, 1000), 0);
			assert_int_equal(
				emu_sys(SYS_mprotect, at(d, gone), PAGE, PROT_READ | PROT_WRITE),
				0);
			expect_shown(d, 1000, gone, 0, 1);
			assert_int_equal(unit_touch(at(d, 1000 + gone), false), SEGV_MAPERR);
			expect_shown(d, 1001 + gone, 19 - gone, gone + 1, 1);
			assert_int_equal(show(d, 0, 20, 20, 1000), 0);
			expect_shown(d, 1000, 20, 20, 1);
			assert_int_equal(unit_do(d, 0, EXMAP_OP_RM_SD, 0), 0);
		}
		assert_int_equal(unit_one(d, 0, FREE, 1000, 20), 0);
	}
	unit_device_free(d);
}

static u32 stop;

/* Frees the sources and allocates them again. */
static void come_and_go(struct device *d)
{
	while (!exmap_load(&stop)) {
		unit_one(d, 1, FREE, 0, 64);
		unit_one(d, 1, ALLOC, 0, 64);
	}
}

static void show_them(struct device *d)
{
	for (int i = 0; i < UNIT_LONG_ROUNDS(8000); i++) {
		show(d, 2, i % 30, 1 + i % 34, 1000 + i % 3);
		/* Some of them were not there; where that was, nothing may be mapped. */
		if (i % 5 == 0)
			unit_do(d, 2, EXMAP_OP_RM_SD, 0);
	}
	exmap_store(&stop, 1);
}

static void race(void *ctx, unsigned int index)
{
	if (index)
		come_and_go(ctx);
	else
		show_them(ctx);
}

/* A source that goes while it is copied makes no fault that the client sees. */
static void sources_go_while_they_are_copied(void **state)
{
	struct device *d = start(100);

	(void)state;
	unit_run_threads(2, race, d);
	assert_int_equal(unit_do(d, 2, EXMAP_OP_RM_SD, 0), 0);
	assert_int_equal(unit_one(d, 0, FREE, 990, 100), 0);
	unit_one(d, 0, FREE, 0, 64);
	assert_int_equal(unit_one(d, 0, ALLOC, 0, 100), 100);
	unit_device_free(d);
}

/* A source that goes after SHADOW has looked at it, in a thread that has all signals blocked. */
static void blocked_signals_do_not_matter(void **state)
{
	struct device *d = start(100);
	sigset_t all;
	sigset_t old;
	sigset_t now;

	(void)state;
	sigfillset(&all);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, &all, &old), 0);
	assert_int_equal(mprotect(at(d, 5), PAGE, PROT_NONE), 0);
	assert_int_equal(show(d, 0, 0, 10, 1000), 0);
	assert_int_equal(mprotect(at(d, 5), PAGE, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, &old, &now), 0);
	assert_true(sigismember(&now, SIGSEGV));
	assert_int_equal(unit_touch(at(d, 1005), false), SEGV_MAPERR);
	expect_shown(d, 1000, 5, 0, 1);
	expect_shown(d, 1006, 4, 6, 1);
	unit_device_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_stay_as_the_option_says),
		cmocka_unit_test(pages_beyond_the_bound_go),
		cmocka_unit_test(surface_that_may_only_be_read),
		cmocka_unit_test(source_that_goes_leaves_a_hole),
		cmocka_unit_test(sources_go_while_they_are_copied),
		cmocka_unit_test(blocked_signals_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
