// SPDX-License-Identifier: MIT
/* test_shadow.c - SHADOW and RM_SD: which pages are claimed, in which runs, and what is recorded */

#include "unit.h"

#include "fake.h"
#include "tools/relax.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE

/* SHADOW of one vector. */
static int show_one(struct fake *f, u32 id, u64 page, u64 len, u64 target)
{
	fake_ask(f, id, 0, page, len);
	return fake_show(f, id, 1, target);
}

static void expect_shown(const struct fake *f, u64 target, u64 len, s64 source)
{
	for (u64 i = 0; i < len; i++)
		assert_int_equal(fake_shown(f, target + i), source < 0 ? -1 : source + (s64)i);
}

static void one_op_for_all_vectors(void **state)
{
	struct fake *f = fake_new(4096, 100, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 100), 100);
	for (u32 i = 0; i < 100; i++)
		fake_ask(f, 0, i, 99 - i, 1);
	/* Over the edge between two blocks. */
	assert_int_equal(fake_show(f, 0, 100, 460), 0);
	for (u32 i = 0; i < 100; i++)
		assert_int_equal(fake_shown(f, 460 + i), 99 - i);
	assert_int_equal(f->calls[FAKE_SHADOW], 1);
	assert_int_equal(f->log_runs[FAKE_SHADOW][0], 100);
	assert_int_equal(f->ifc[0].nr_shadows, 1);
	/* RM_SD: one op for one run, as the targets are neighbours. */
	assert_int_equal(fake_rm_sd(f, 0), 0);
	expect_shown(f, 460, 100, -1);
	assert_int_equal(f->calls[FAKE_UNSHADOW], 1);
	assert_int_equal(f->log_runs[FAKE_UNSHADOW][0], 1);
	assert_int_equal(f->log[FAKE_UNSHADOW][0], 100);
	assert_int_equal(f->ifc[0].nr_shadows, 0);
	assert_int_equal(fake_present(f), 100);
	fake_free(f);
}

/* Each second target is mapped: 512 vectors of 4 pages make more runs than a batch has. */
static void more_runs_than_a_batch_has(void **state)
{
	struct fake *f = fake_new(8192, 2000, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 4), 4);
	for (u32 i = 0; i < 512; i++) {
		assert_int_equal(fake_one(f, 0, ALLOC, 1001 + 4 * i, 1), 1);
		assert_int_equal(fake_one(f, 0, ALLOC, 1003 + 4 * i, 1), 1);
	}
	for (u32 i = 0; i < 512; i++)
		fake_ask(f, 0, i, 0, 4);
	assert_int_equal(fake_show(f, 0, 512, 1000), 0);
	for (u32 i = 0; i < 2048; i++)
		assert_int_equal(fake_shown(f, 1000 + i), i % 2 ? -1 : (s64)i % 4);
	assert_int_equal(f->calls[FAKE_SHADOW], 2);
	assert_int_equal(fake_rm_sd(f, 0), 0);
	expect_shown(f, 1000, 2048, -1);
	assert_int_equal(f->log[FAKE_UNSHADOW][0], 32);
	fake_free(f);
}

static void ranges_are_recorded(void **state)
{
	struct fake *f = fake_new(4096, 16, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 8), 8);
	assert_int_equal(show_one(f, 0, 0, 8, 100), 0);
	assert_int_equal(show_one(f, 0, 0, 4, 108), 0);
	assert_int_equal(f->ifc[0].nr_shadows, 1);
	assert_int_equal(show_one(f, 0, 0, 4, 111), 0);
	assert_int_equal(show_one(f, 0, 0, 4, 0), 0);
	assert_int_equal(f->ifc[0].nr_shadows, 3);
	/* Refused calls, and calls without pages, record nothing. */
	assert_int_equal(show_one(f, 0, 4090, 7, 200), -EFAULT);
	assert_int_equal(show_one(f, 0, 0, 7, 4090), -EFAULT);
	assert_int_equal(show_one(f, 0, 0, 0, 300), 0);
	f->no_table = 400;
	assert_int_equal(show_one(f, 0, 0, 4, 400), -ENOMEM);
	assert_int_equal(f->ifc[0].nr_shadows, 3);
	assert_int_equal(f->calls[FAKE_SHADOW], 3);
	expect_shown(f, 108, 3, 0);
	expect_shown(f, 111, 4, 0);
	fake_free(f);
}

static void no_memory_leaves_targets_empty(void **state)
{
	struct fake *f = fake_new(4096, 16, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 8), 8);
	f->no_memory = true;
	assert_int_equal(show_one(f, 0, 0, 8, 100), -ENOMEM);
	expect_shown(f, 100, 8, -1);
	f->no_memory = false;
	assert_int_equal(show_one(f, 0, 0, 8, 104), 0);
	expect_shown(f, 104, 8, 0);
	fake_free(f);
}

/*
 * ALLOC, FREE and READ meet shadows in the middle of their ranges: they end each run of them by one
 * op.
 */
static void others_take_the_place(void **state)
{
	struct fake *f = fake_new(4096, 100, 2);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 8), 8);
	assert_int_equal(show_one(f, 0, 0, 8, 100), 0);
	assert_int_equal(show_one(f, 1, 0, 8, 108), 0);
	assert_int_equal(fake_one(f, 1, ALLOC, 98, 12), 12);
	assert_int_equal(f->calls[FAKE_UNSHADOW], 1);
	expect_shown(f, 110, 6, 2);
	fake_free(f);

	f = fake_new(4096, 100, 2);
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 8), 8);
	assert_int_equal(show_one(f, 0, 0, 8, 100), 0);
	assert_int_equal(show_one(f, 1, 0, 2, 110), 0);
	assert_int_equal(fake_one(f, 1, FREE, 102, 20), 0);
	assert_int_equal(f->calls[FAKE_UNSHADOW], 2);
	assert_int_equal(f->calls[FAKE_UNMAP], 0);
	expect_shown(f, 100, 2, 0);
	expect_shown(f, 102, 6, -1);
	assert_int_equal(fake_read(f, 0, EXMAP_OP_READ, 98, 4), 4 * EXMAP_PAGE_SIZE);
	expect_shown(f, 100, 2, -1);
	/* RM_SD finds nothing of them. */
	assert_int_equal(fake_rm_sd(f, 0), 0);
	assert_int_equal(f->calls[FAKE_UNSHADOW], 3);
	assert_int_equal(fake_present(f), 12);
	fake_free(f);
}

/* Shadows reach to the end of a block. No page of the next block was ever claimed. */
static void free_passes_over_untouched_blocks(void **state)
{
	struct fake *f = fake_new(4096, 100, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 8), 8);
	assert_int_equal(show_one(f, 0, 0, 8, EXMAP_BLOCK_PAGES - 8), 0);
	assert_int_equal(fake_one(f, 0, ALLOC, 2 * EXMAP_BLOCK_PAGES, 1), 1);
	assert_int_equal(show_one(f, 0, 0, 1, 2 * EXMAP_BLOCK_PAGES + 1), 0);
	assert_int_equal(fake_one(f, 0, FREE, 100, 1500), 1);
	expect_shown(f, EXMAP_BLOCK_PAGES - 8, 8, -1);
	expect_shown(f, 2 * EXMAP_BLOCK_PAGES + 1, 1, -1);
	assert_int_equal(fake_present(f), 8);
	fake_free(f);
}

/* A vector each for neighbouring shadows: the fast path of ALLOC and FREE must not claim them. */
static void single_vectors_meet_shadows(void **state)
{
	struct fake *f = fake_new(4096, 100, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 8), 8);
	for (u32 opcode = ALLOC; opcode <= FREE; opcode++) {
		assert_int_equal(show_one(f, 0, 0, 8, 100), 0);
		for (u32 i = 0; i < 8; i++)
			fake_ask(f, 0, i, 100 + (i * 5) % 8, 1);
		assert_int_equal(fake_do(f, 0, opcode, 8), 0);
		for (u32 i = 0; i < 8; i++)
			fake_expect(f, 0, i, 0, opcode == ALLOC);
		assert_int_equal(fake_one(f, 0, FREE, 100, 8), opcode == ALLOC ? 8 : 0);
	}
	fake_free(f);
}

static void free_the_target(struct fake *f, enum fake_op op, u32 id)
{
	(void)id;
	if (op != FAKE_UNSHADOW)
		return;
	f->hook = NULL;
	/* Between the pages of RM_SD and the end of RM_SD. */
	assert_int_equal(fake_one(f, 1, ALLOC, 500, 1), 1);
}

/* RM_SD ends what is left of its shadows, while another interface takes the place of some. */
static void rm_sd_meets_other_calls(void **state)
{
	struct fake *f = fake_new(4096, 100, 2);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 8), 8);
	for (u32 i = 0; i < 64; i++)
		assert_int_equal(show_one(f, 0, 0, 1, 500 + 2 * i), 0);
	f->hook = free_the_target;
	assert_int_equal(fake_rm_sd(f, 0), 0);
	for (u32 i = 0; i < 64; i++)
		expect_shown(f, 500 + 2 * i, 1, -1);
	assert_int_equal(fake_present(f), 9);
	fake_free(f);
}

static void *rm_sd(void *arg)
{
	struct fake *f = arg;

	assert_int_equal(fake_rm_sd(f, 0), 0);
	exmap_store(&f->eof, 1);
	return NULL;
}

static void *free_one(void *arg)
{
	assert_int_equal(fake_one(arg, 1, FREE, 103, 1), 0);
	return NULL;
}

/*
 * Interface 1 is just ending a shadow of interface 0. RM_SD must wait for that: when it returns,
 * nobody may reach the page any more.
 */
static void rm_sd_waits_for_a_shadow_that_is_ending(void **state)
{
	struct fake *f = fake_new(4096, 100, 2);
	pthread_t freeing, ending;

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 8), 8);
	assert_int_equal(show_one(f, 0, 0, 8, 100), 0);
	f->eof = 0;
	f->gate = 103;
	f->gate_op = FAKE_UNSHADOW;
	pthread_create(&freeing, NULL, free_one, f);
	unit_wait_for(&f->reached, 1);
	f->gate = FAKE_NO_PAGE;
	pthread_create(&ending, NULL, rm_sd, f);
	for (int i = 0; i < 20; i++)
		exmap_wait(30);
	assert_int_equal(exmap_load(&f->eof), 0);
	exmap_store(&f->open, 1);
	pthread_join(freeing, NULL);
	pthread_join(ending, NULL);
	assert_int_equal(f->eof, 1);
	fake_free(f);
}

/* A surface that goes while SHADOW or RM_SD waits. */
static void waiting_ends_with_the_surface(void **state)
{
	struct fake *f = fake_new(4096, 100, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 8), 8);
	assert_int_equal(show_one(f, 0, 0, 8, 100), 0);
	f->s.table[200] = EXMAP_WORD_BUSY;
	f->gone = 1;
	assert_int_equal(show_one(f, 0, 0, 8, 198), -EPROTO);
	assert_int_equal(fake_rm_sd(f, 0), -EPROTO);
	f->s.table[200] = 0;
	f->gone = 0;
	assert_int_equal(fake_rm_sd(f, 0), 0);
	fake_free(f);
}

/* As if interface 1 showed its source at page 100 again and again, until @open. */
static void *show_again_and_again(void *arg)
{
	struct fake *f = arg;
	u64 *where = &f->s.table[100];
	u64 shown = exmap_load(where);

	while (!exmap_load(&f->open)) {
		exmap_store(where, EXMAP_WORD_BUSY | EXMAP_WORD_SHADOW);
		processor_relax();
		exmap_store(where, shown);
		processor_relax();
		exmap_store(&f->reached, f->reached + 1);
	}
	return NULL;
}

/* A target that is BUSY, and then another interface's shadow: it stays [8.3]. */
static void shadow_that_comes_first_stays(void **state)
{
	struct fake *f = fake_new(4096, 100, 2);
	pthread_t other;

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 8), 8);
	assert_int_equal(show_one(f, 1, 1, 1, 100), 0);
	pthread_create(&other, NULL, show_again_and_again, f);
	while (exmap_load(&f->reached) < 4000000) {
		assert_int_equal(show_one(f, 0, 0, 1, 100), 0);
		assert_int_equal(fake_rm_sd(f, 0), 0);
		assert_int_equal(f->calls[FAKE_UNSHADOW], 0);
	}
	exmap_store(&f->open, 1);
	pthread_join(other, NULL);
	expect_shown(f, 100, 1, 1);
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_op_for_all_vectors),
		cmocka_unit_test(more_runs_than_a_batch_has),
		cmocka_unit_test(ranges_are_recorded),
		cmocka_unit_test(no_memory_leaves_targets_empty),
		cmocka_unit_test(others_take_the_place),
		cmocka_unit_test(free_passes_over_untouched_blocks),
		cmocka_unit_test(single_vectors_meet_shadows),
		cmocka_unit_test(rm_sd_meets_other_calls),
		cmocka_unit_test(rm_sd_waits_for_a_shadow_that_is_ending),
		cmocka_unit_test(waiting_ends_with_the_surface),
		cmocka_unit_test(shadow_that_comes_first_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
