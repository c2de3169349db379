// SPDX-License-Identifier: MIT
/* test_action_batch.c - batches: their edges, and vectors that overlap, one thread */

#include "unit.h"

#include "fake.h"

#define ALLOC EXMAP_OP_ALLOC
#define FREE EXMAP_OP_FREE
#define VECTORS EXMAP_USER_INTERFACE_PAGES

/* Asks for every second page, so that each is a run of its own. */
static void ask_scattered(struct fake *f, u32 n)
{
	for (u32 i = 0; i < n; i++)
		fake_ask(f, 0, i, 2 * i, 1);
}

static void as_many_vectors_as_runs_are_one_call(void **state)
{
	struct fake *f = fake_new(4096, 2000, 1);

	(void)state;
	for (int round = 0; round < 2; round++) {
		unsigned int opcode = round ? FREE : ALLOC;
		enum fake_op op = round ? FAKE_UNMAP : FAKE_MAP;

		ask_scattered(f, VECTORS);
		assert_int_equal(fake_do(f, 0, opcode, VECTORS), 0);
		for (u32 i = 0; i < VECTORS; i++)
			fake_expect(f, 0, i, 0, 1);
		assert_int_equal(f->calls[op], 1);
		assert_int_equal(f->log_runs[op][0], EXMAP_BATCH_RUNS);
	}
	fake_free(f);
}

/* One vector over 1024 holes has more runs than a batch holds. */
static void one_vector_of_many_runs(void **state)
{
	struct fake *f = fake_new(4096, 4000, 1);

	(void)state;
	ask_scattered(f, VECTORS);
	assert_int_equal(fake_do(f, 0, ALLOC, VECTORS), 0);
	for (u32 i = 0; i < VECTORS; i++)
		fake_ask(f, 0, i, 2 * VECTORS + 2 * i, 1);
	assert_int_equal(fake_do(f, 0, ALLOC, VECTORS), 0);
	assert_int_equal(f->calls[FAKE_MAP], 2);
	/* 1024 pages are mapped. ALLOC maps the 1024 pages between them, and 52 behind. */
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 2100), 1024 + 52);
	assert_int_equal(f->calls[FAKE_MAP], 4);
	assert_int_equal(f->log_runs[FAKE_MAP][2], EXMAP_BATCH_RUNS);
	fake_check(f);
	assert_int_equal(fake_one(f, 0, FREE, 0, 4000), 2100);
	assert_int_equal(f->calls[FAKE_UNMAP], 1);
	fake_free(f);
}

/* The last run of a batch comes from a vector for one page, and there are more such behind it. */
static void single_pages_fill_a_batch(void **state)
{
	struct fake *f = fake_new(4096, 2000, 1);
	const u32 holes = 100;

	(void)state;
	for (int round = 0; round < 2; round++) {
		unsigned int opcode = round ? FREE : ALLOC;
		enum fake_op op = round ? FAKE_UNMAP : FAKE_MAP;
		u32 calls;

		/* Every second page is done already: so the first vector has many runs. */
		ask_scattered(f, holes);
		assert_int_equal(fake_do(f, 0, opcode, holes), 0);
		calls = f->calls[op];
		fake_ask(f, 0, 0, 0, 2 * holes);
		for (u32 i = 1; i < VECTORS; i++)
			fake_ask(f, 0, i, 2 * holes + 2 * i, 1);
		assert_int_equal(fake_do(f, 0, opcode, VECTORS), 0);
		fake_expect(f, 0, 0, 0, holes);
		for (u32 i = 1; i < VECTORS; i++)
			fake_expect(f, 0, i, 0, 1);
		assert_int_equal(f->calls[op], calls + 2);
		assert_int_equal(f->log_runs[op][calls], EXMAP_BATCH_RUNS);
		assert_int_equal(f->log_runs[op][calls + 1],
				 holes + VECTORS - 1 - EXMAP_BATCH_RUNS);
		fake_check(f);
	}
	fake_free(f);
}

static u32 ordered;

static void count_orders(struct exmap_surface *s, u32 *frames, u32 n)
{
	(void)s;
	(void)frames;
	ordered += n;
}

/* That takes time, and serves pages that are neighbours. */
static void frames_are_put_in_order_for_neighbours_only(void **state)
{
	struct fake *f = fake_new(4096, 2000, 1);
	struct exmap_surface_ops ops = *f->s.ops;

	(void)state;
	ops.order = count_orders;
	f->s.ops = &ops;
	ordered = 0;
	ask_scattered(f, VECTORS);
	assert_int_equal(fake_do(f, 0, ALLOC, VECTORS), 0);
	assert_int_equal(ordered, 0);
	for (u32 i = 0; i < 10; i++)
		fake_ask(f, 0, i, 2000 + 3 * i, i == 5 ? 2 : 1);
	assert_int_equal(fake_do(f, 0, ALLOC, 10), 0);
	assert_int_equal(ordered, 11);
	fake_free(f);
}

static void out_of_frames_in_a_later_batch_4_6(void **state)
{
	struct fake *f = fake_new(4096, 512 + 1500, 1);

	(void)state;
	ask_scattered(f, VECTORS);
	assert_int_equal(fake_do(f, 0, ALLOC, VECTORS), 0);
	fake_ask(f, 0, 0, 0, 500);
	fake_ask(f, 0, 1, 500, 2500);
	fake_ask(f, 0, 2, 3500, 1);
	assert_int_equal(fake_do(f, 0, ALLOC, 3), 2);
	fake_expect(f, 0, 0, 0, 250);
	fake_expect(f, 0, 1, -ENOMEM, 1250);
	fake_expect(f, 0, 2, -ENOMEM, 0);
	assert_int_equal(fake_present(f), 512 + 1500);
	fake_free(f);
}

static void longest_vectors(void **state)
{
	struct fake *f = fake_new(4 * 4095, 4 * 4095, 1);

	(void)state;
	for (int round = 0; round < 2; round++) {
		unsigned int opcode = round ? FREE : ALLOC;

		for (u32 i = 0; i < 4; i++)
			fake_ask(f, 0, i, 4095 * i, 4095);
		assert_int_equal(fake_do(f, 0, opcode, 4), 0);
		for (u32 i = 0; i < 4; i++)
			fake_expect(f, 0, i, 0, 4095);
		fake_check(f);
		assert_int_equal(f->calls[round ? FAKE_UNMAP : FAKE_MAP], 1);
	}
	fake_free(f);
}

/* 512 frames, one less, or one more are missing for 4095 pages: about one frame buffer. */
static void trim_around_the_frame_buffer_4_6(void **state)
{
	(void)state;
	for (u32 missing = 0; missing < 3; missing++) {
		for (u32 limit = 0; limit < 2; limit++) {
			struct fake *f = fake_new(4095, limit ? 4095 : 4095 - 511 - missing, 1);
			u32 want = 4095 - 511 - missing;

			if (limit)
				f->map_limit = want;
			assert_int_equal(fake_one(f, 0, ALLOC, 0, 4095), -ENOMEM);
			fake_expect(f, 0, 0, -ENOMEM, want);
			assert_int_equal(fake_present(f), want);
			fake_check(f);
			assert_int_equal(fake_one(f, 0, FREE, 0, 4095), want);
			fake_free(f);
		}
	}
}

/* More frames go back than their buffer holds: results, which lie behind it, stay as they are. */
static void trim_of_many_frames_behind_a_vector_4_6(void **state)
{
	(void)state;
	for (u32 limit = 1; limit < 4; limit++) {
		struct fake *f = fake_new(4100, 4100, 1);

		f->map_limit = limit;
		fake_ask(f, 0, 0, 0, 1);
		fake_ask(f, 0, 1, 2, 4095);
		assert_int_equal(fake_do(f, 0, ALLOC, 2), 1);
		fake_expect(f, 0, 0, 0, 1);
		fake_expect(f, 0, 1, -ENOMEM, limit - 1);
		fake_free(f);
	}
}

static void overlapping_vectors_count_each_page_once_4_4_4_9(void **state)
{
	struct fake *f = fake_new(100, 50, 1);

	(void)state;
	for (int round = 0; round < 2; round++) {
		fake_ask(f, 0, 0, 0, 10);
		fake_ask(f, 0, 1, 5, 10);
		fake_ask(f, 0, 2, 0, 20);
		fake_ask(f, 0, 3, 0, 20);
		fake_ask(f, 0, 4, 30, 1);
		fake_ask(f, 0, 5, 30, 1);
		assert_int_equal(fake_do(f, 0, round ? FREE : ALLOC, 6), 0);
		fake_expect(f, 0, 0, 0, 10);
		fake_expect(f, 0, 1, 0, 5);
		fake_expect(f, 0, 2, 0, 5);
		fake_expect(f, 0, 3, 0, 0);
		fake_expect(f, 0, 4, 0, 1);
		fake_expect(f, 0, 5, 0, 0);
		assert_int_equal(fake_present(f), round ? 0 : 21);
		fake_check(f);
	}
	fake_free(f);
}

static void the_same_page_in_all_vectors(void **state)
{
	struct fake *f = fake_new(10, 10, 1);

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (u32 i = 0; i < VECTORS; i++)
			fake_ask(f, 0, i, 3, 1);
		assert_int_equal(fake_do(f, 0, round ? FREE : ALLOC, VECTORS), 0);
		fake_expect(f, 0, 0, 0, 1);
		for (u32 i = 1; i < VECTORS; i++)
			fake_expect(f, 0, i, 0, 0);
	}
	fake_free(f);
}

/* If an overlap ends a batch early, and this batch fails, no later vector is carried out. */
static void overlap_behind_a_failure_4_6(void **state)
{
	struct fake *f = fake_new(100, 50, 1);

	(void)state;
	f->map_limit = 6;
	fake_ask(f, 0, 0, 0, 4);
	fake_ask(f, 0, 1, 10, 4);
	fake_ask(f, 0, 2, 2, 10);
	fake_ask(f, 0, 3, 40, 1);
	assert_int_equal(fake_do(f, 0, ALLOC, 4), 3);
	fake_expect(f, 0, 0, 0, 4);
	fake_expect(f, 0, 1, -ENOMEM, 2);
	fake_expect(f, 0, 2, -ENOMEM, 0);
	fake_expect(f, 0, 3, -ENOMEM, 0);
	assert_int_equal(fake_present(f), 6);
	fake_free(f);
}

/* A page that FREE has to keep is PRESENT again. A later vector that overlaps it must not hang. */
static void overlapping_free_of_a_pinned_page_4_11(void **state)
{
	struct fake *f = fake_new(100, 50, 1);

	(void)state;
	assert_int_equal(fake_one(f, 0, ALLOC, 0, 10), 10);
	f->pinned[3] = 1;
	fake_ask(f, 0, 0, 0, 5);
	fake_ask(f, 0, 1, 2, 5);
	assert_int_equal(fake_do(f, 0, FREE, 2), 0);
	fake_expect(f, 0, 0, 0, 4);
	fake_expect(f, 0, 1, 0, 2);
	assert_int_equal(fake_present(f), 4);
	fake_free(f);
}

static void counts_add_up_over_everything(void **state)
{
	struct fake *f = fake_new(2000, 700, 1);
	u32 random = 1;
	u64 allocated = 0;
	u64 freed = 0;

	(void)state;
	for (u32 round = 0; round < UNIT_ROUNDS(2000); round++) {
		unsigned int opcode = unit_random(&random, 2) ? FREE : ALLOC;
		u32 n = 1 + unit_random(&random, 20);
		int failed = 0;

		for (u32 i = 0; i < n; i++)
			fake_ask(f, 0, i, unit_random(&random, 2010), unit_random(&random, 90));
		f->map_limit = unit_random(&random, 4) ? UINT64_MAX : unit_random(&random, 300);
		f->pinned[unit_random(&random, 2000)] = unit_random(&random, 2);
		int ret = fake_do(f, 0, opcode, n);

		for (u32 i = 0; i < n; i++) {
			struct exmap_iov iov = f->user[0].iov[i];

			failed += iov.res < 0;
			assert_true(iov.res == 0 || iov.res == -EFAULT || iov.res == -ENOMEM);
			unit_assert_between(iov.pages, 0, 90);
			*(opcode == ALLOC ? &allocated : &freed) += iov.pages;
		}
		assert_int_equal(ret, failed);
		assert_int_equal(f->ifc[0].counts.allocated, allocated);
		assert_int_equal(f->ifc[0].counts.freed, freed);
		assert_int_equal(f->ifc[0].counts.actions, round + 1);
		if (round % 16 == 0)
			fake_check(f);
	}
	fake_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_vectors_as_runs_are_one_call),
		cmocka_unit_test(one_vector_of_many_runs),
		cmocka_unit_test(single_pages_fill_a_batch),
		cmocka_unit_test(frames_are_put_in_order_for_neighbours_only),
		cmocka_unit_test(out_of_frames_in_a_later_batch_4_6),
		cmocka_unit_test(longest_vectors),
		cmocka_unit_test(trim_around_the_frame_buffer_4_6),
		cmocka_unit_test(trim_of_many_frames_behind_a_vector_4_6),
		cmocka_unit_test(overlapping_vectors_count_each_page_once_4_4_4_9),
		cmocka_unit_test(the_same_page_in_all_vectors),
		cmocka_unit_test(overlap_behind_a_failure_4_6),
		cmocka_unit_test(overlapping_free_of_a_pinned_page_4_11),
		cmocka_unit_test(counts_add_up_over_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
