// SPDX-License-Identifier: MIT
/* test_pool.c - the pool with one thread: what core/pool.h promises */

#include "unit.h"

#include <stdlib.h>

#include "core/pool.h"

#define CANARY 0xc5

struct fixture {
	struct exmap_pool pool;
	u8 *memory;
	size_t size;
	u32 *frames;
	u8 *seen;
};

static struct fixture *make(u32 nr_frames, u32 nr_lists)
{
	struct fixture *f = unit_alloc(sizeof(*f));

	f->size = exmap_pool_size(nr_frames, nr_lists);
	f->memory = unit_alloc(f->size + 64);
	memset(f->memory + f->size, CANARY, 64);
	f->frames = unit_alloc((nr_frames + 1) * sizeof(*f->frames));
	f->seen = unit_alloc(nr_frames);
	exmap_pool_init(&f->pool, f->memory, nr_frames, nr_lists);
	return f;
}

static void drop(struct fixture *f)
{
	for (u32 i = 0; i < 64; i++)
		assert_int_equal(f->memory[f->size + i], CANARY);
	exmap_pool_destroy(&f->pool);
	free(f->memory);
	free(f->frames);
	free(f->seen);
	free(f);
}

/* Asserts that each number below nr_frames is in f->frames exactly once. */
static void check_all(struct fixture *f)
{
	u32 n = f->pool.nr_frames;

	memset(f->seen, 0, n);
	for (u32 i = 0; i < n; i++) {
		assert_true(f->frames[i] < n);
		assert_int_equal(f->seen[f->frames[i]], 0);
		f->seen[f->frames[i]] = 1;
	}
}

/* Gets all frames through one list, which must be able to get each of them [3.5, 4.7]. */
static void get_all(struct fixture *f, u32 list)
{
	u32 n = f->pool.nr_frames;

	assert_int_equal(exmap_pool_count(&f->pool), n);
	assert_int_equal(exmap_pool_get(&f->pool, list, f->frames, n + 1), n);
	assert_int_equal(exmap_pool_count(&f->pool), 0);
	check_all(f);
}

/* Moves all frames, at most 1024, into one list, so that none is in the depot. */
static void gather(struct fixture *f, u32 list)
{
	u32 n = f->pool.nr_frames;

	unit_assert_between(n, 1, 2 * EXMAP_BUNDLE_FRAMES);
	get_all(f, 0);
	exmap_pool_put(&f->pool, list, f->frames, n);
	assert_int_equal(f->pool.lists[list].free, n);
}

static const u32 frame_counts[] = { 1,	  2,	15,   16,   17,	  31,	 511,
				    512,  513,	514,  1000, 1023, 1024,	 1025,
				    1536, 2000, 4096, 8191, 8192, 10000, 70001 };
static const u32 list_counts[] = { 1, 2, 3, 7, 64, 255, 256 };

#define for_each_shape(i, j)                                                        \
	for (size_t i = 0; i < sizeof(frame_counts) / sizeof(frame_counts[0]); i++) \
		for (size_t j = 0; j < sizeof(list_counts) / sizeof(list_counts[0]); j++)

static void capacity_is_exact_through_every_kind_of_list_3_5(void **state)
{
	(void)state;
	for_each_shape(i, j)
	{
		u32 lists = list_counts[j];
		struct fixture *f = make(frame_counts[i], lists);

		get_all(f, 0);
		exmap_pool_put(&f->pool, lists - 1, f->frames, frame_counts[i]);
		get_all(f, lists / 2);
		exmap_pool_put(&f->pool, lists / 2, f->frames, frame_counts[i]);
		get_all(f, lists - 1);
		exmap_pool_put(&f->pool, 0, f->frames, frame_counts[i]);
		assert_int_equal(exmap_pool_count(&f->pool), frame_counts[i]);
		drop(f);
	}
}

static void frames_scattered_over_all_lists_are_found_4_7(void **state)
{
	(void)state;
	for_each_shape(i, j)
	{
		u32 lists = list_counts[j];
		struct fixture *f = make(frame_counts[i], lists);

		get_all(f, 0);
		for (u32 k = 0; k < frame_counts[i]; k++)
			exmap_pool_put(&f->pool, k % lists, &f->frames[k], 1);
		get_all(f, lists - 1);
		drop(f);
	}
}

static void one_by_one_is_all(void **state)
{
	(void)state;
	for_each_shape(i, j)
	{
		struct fixture *f = make(frame_counts[i], list_counts[j]);

		/* With many lists only a few are tried, because each sweep locks every list. */
		if (list_counts[j] > 7) {
			drop(f);
			continue;
		}
		for (u32 k = 0; k < frame_counts[i]; k++)
			assert_int_equal(
				exmap_pool_get(&f->pool, k % list_counts[j], &f->frames[k], 1), 1);
		assert_int_equal(exmap_pool_get(&f->pool, 0, &f->frames[frame_counts[i]], 1), 0);
		check_all(f);
		drop(f);
	}
}

static void nothing_asked_is_nothing_taken(void **state)
{
	struct fixture *f = make(10, 2);

	(void)state;
	assert_int_equal(exmap_pool_get(&f->pool, 1, f->frames, 0), 0);
	exmap_pool_put(&f->pool, 1, f->frames, 0);
	get_all(f, 1);
	assert_int_equal(exmap_pool_get(&f->pool, 1, f->frames, 0), 0);
	drop(f);
}

static void exhausted_gives_what_there_is(void **state)
{
	struct fixture *f = make(100, 4);
	u32 more[100];

	(void)state;
	assert_int_equal(exmap_pool_get(&f->pool, 1, f->frames, 60), 60);
	assert_int_equal(exmap_pool_get(&f->pool, 2, f->frames + 60, 60), 40);
	check_all(f);
	assert_int_equal(exmap_pool_get(&f->pool, 3, more, 100), 0);
	/* After a put through a third list, get works again [4.6]. */
	exmap_pool_put(&f->pool, 3, f->frames, 1);
	assert_int_equal(exmap_pool_get(&f->pool, 0, more, 100), 1);
	assert_int_equal(more[0], f->frames[0]);
	drop(f);
}

static void two_magazines_keep_a_boundary_away_from_the_depot(void **state)
{
	static const u32 levels[] = { 1, 511, 512, 513, 1023, 1024, 1025, 1536, 1537, 2048 };
	static const u32 steps[] = { 1, 2, 100, 512 };
	u32 held[EXMAP_BUNDLE_FRAMES];

	(void)state;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		for (size_t j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
			struct fixture *f = make(4096, 2);
			u32 step = steps[j];
			u64 full;
			u64 empty;

			if (levels[i] < step) {
				drop(f);
				continue;
			}
			get_all(f, 0);
			exmap_pool_put(&f->pool, 1, f->frames, levels[i]);
			/* Only the first round may fetch frames from elsewhere. */
			assert_int_equal(exmap_pool_get(&f->pool, 1, held, step), step);
			exmap_pool_put(&f->pool, 1, held, step);
			full = exmap_load(&f->pool.full.head);
			empty = exmap_load(&f->pool.empty.head);
			for (u32 k = 0; k < 100; k++) {
				assert_int_equal(exmap_pool_get(&f->pool, 1, held, step), step);
				exmap_pool_put(&f->pool, 1, held, step);
			}
			assert_int_equal(exmap_load(&f->pool.full.head), full);
			assert_int_equal(exmap_load(&f->pool.empty.head), empty);
			assert_int_equal(f->pool.lists[1].steals, 0);
			drop(f);
		}
	}
}

/* There must be bundles enough that each put finds an empty one, wherever the frames are. */
static void puts_never_lack_an_empty_bundle(void **state)
{
	(void)state;
	for_each_shape(i, j)
	{
		u32 n = frame_counts[i];
		u32 lists = list_counts[j];
		struct fixture *f = make(n, lists);
		u32 got = n / 2;

		/* Half of the depot stays in small bundles; the rest comes back in full ones. */
		assert_int_equal(exmap_pool_get(&f->pool, 0, f->frames, got), got);
		exmap_pool_put(&f->pool, lists - 1, f->frames, got);
		get_all(f, lists / 2);
		/* In pieces of 37, which do not divide a bundle. */
		for (u32 k = 0; k < n; k += 37)
			exmap_pool_put(&f->pool, k / 37 % lists, &f->frames[k],
				       EXMAP_MIN(37u, n - k));
		get_all(f, 0);
		drop(f);
	}
}

static void thief_takes_half(void **state)
{
	struct fixture *f = make(1000, 2);
	struct exmap_list *lists = f->pool.lists;

	(void)state;
	gather(f, 1);
	assert_int_equal(exmap_pool_get(&f->pool, 0, f->frames, 10), 10);
	assert_int_equal(lists[1].free, 500);
	assert_int_equal(lists[0].free, 490);
	assert_int_equal(lists[0].steals, 1);
	/* The first steal took more than was needed: this get uses that, and steals none. */
	assert_int_equal(exmap_pool_get(&f->pool, 0, f->frames + 10, 490), 490);
	assert_int_equal(lists[0].steals, 1);
	assert_int_equal(lists[0].free, 0);
	assert_int_equal(exmap_pool_get(&f->pool, 0, f->frames + 500, 501), 500);
	check_all(f);
	drop(f);
}

static void thief_takes_what_it_needs_if_that_is_more(void **state)
{
	struct fixture *f = make(1000, 2);

	(void)state;
	gather(f, 1);
	assert_int_equal(exmap_pool_get(&f->pool, 0, f->frames, 800), 800);
	assert_int_equal(f->pool.lists[1].free, 200);
	assert_int_equal(f->pool.lists[0].free, 0);
	drop(f);
}

static void loot_fits_a_bundle(void **state)
{
	struct fixture *f = make(1024, 2);

	(void)state;
	gather(f, 1);
	assert_int_equal(exmap_pool_get(&f->pool, 0, f->frames, 1), 1);
	assert_int_equal(f->pool.lists[1].free, 512);
	assert_int_equal(f->pool.lists[0].free, 511);
	drop(f);
}

static void thief_of_a_single_frame_gets_it(void **state)
{
	struct fixture *f = make(1, 256);

	(void)state;
	for (u32 i = 0; i < 256; i++) {
		gather(f, i);
		assert_int_equal(exmap_pool_get(&f->pool, 255 - i, f->frames, 1), 1);
		exmap_pool_put(&f->pool, i, f->frames, 1);
	}
	drop(f);
}

static void thief_returns_to_its_victim(void **state)
{
	struct fixture *f = make(1000, 64);
	u32 taken[16];

	(void)state;
	gather(f, 37);
	assert_int_equal(exmap_pool_get(&f->pool, 5, taken, 16), 16);
	assert_int_equal(f->pool.lists[5].victim, 37);
	exmap_pool_put(&f->pool, 5, taken, 16);
	/* Lists 37 and 38 have frames; list 5 has none left. */
	assert_int_equal(exmap_pool_get(&f->pool, 37, f->frames, 500), 500);
	exmap_pool_put(&f->pool, 38, f->frames, 400);
	exmap_pool_put(&f->pool, 37, f->frames + 400, 100);
	assert_int_equal(exmap_pool_get(&f->pool, 5, f->frames, 500), 500);
	assert_int_equal(f->pool.lists[5].free, 0);
	assert_int_equal(exmap_pool_get(&f->pool, 5, taken, 16), 16);
	assert_int_equal(f->pool.lists[37].free, 50);
	assert_int_equal(f->pool.lists[38].free, 400);
	drop(f);
}

static void depot_comes_before_theft(void **state)
{
	struct fixture *f = make(4096, 2);

	(void)state;
	assert_int_equal(exmap_pool_get(&f->pool, 1, f->frames, 600), 600);
	exmap_pool_put(&f->pool, 1, f->frames, 600);
	assert_int_equal(exmap_pool_get(&f->pool, 0, f->frames, 1000), 1000);
	assert_int_equal(f->pool.lists[0].steals, 0);
	drop(f);
}

static void reset_brings_everything_back(void **state)
{
	(void)state;
	for_each_shape(i, j)
	{
		struct fixture *f = make(frame_counts[i], list_counts[j]);
		u32 n = frame_counts[i];

		get_all(f, 0);
		exmap_pool_put(&f->pool, list_counts[j] - 1, f->frames, n / 3);
		exmap_pool_reset(&f->pool);
		get_all(f, list_counts[j] - 1);
		exmap_pool_reset(&f->pool);
		exmap_pool_reset(&f->pool);
		get_all(f, 0);
		drop(f);
	}
}

/* Beside 8 bytes for each frame, the pool needs memory for the lists' bundles and the depot's. */
static void memory_stays_in_proportion(void **state)
{
	(void)state;
	for_each_shape(i, j) assert_true(exmap_pool_size(frame_counts[i], list_counts[j]) <=
					 10ull * frame_counts[i] + 9216ull * list_counts[j] + 8192);
	/* The largest pool that SETUP permits must not overflow 32 bits in the computation. */
	assert_true(exmap_pool_size(UINT32_MAX - 1, 256) >= 4ull * (UINT32_MAX - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capacity_is_exact_through_every_kind_of_list_3_5),
		cmocka_unit_test(frames_scattered_over_all_lists_are_found_4_7),
		cmocka_unit_test(one_by_one_is_all),
		cmocka_unit_test(nothing_asked_is_nothing_taken),
		cmocka_unit_test(exhausted_gives_what_there_is),
		cmocka_unit_test(two_magazines_keep_a_boundary_away_from_the_depot),
		cmocka_unit_test(puts_never_lack_an_empty_bundle),
		cmocka_unit_test(thief_takes_half),
		cmocka_unit_test(thief_takes_what_it_needs_if_that_is_more),
		cmocka_unit_test(loot_fits_a_bundle),
		cmocka_unit_test(thief_of_a_single_frame_gets_it),
		cmocka_unit_test(thief_returns_to_its_victim),
		cmocka_unit_test(depot_comes_before_theft),
		cmocka_unit_test(reset_brings_everything_back),
		cmocka_unit_test(memory_stays_in_proportion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
