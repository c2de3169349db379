// SPDX-License-Identifier: MIT
/*
 * test_emu_keeper.c - the order in which frames are handed out under quarantine=8, shuffle= and
 * steal=always; which of them are set, EXMAP_OPTIONS says
 */

#include "unit.h"

#include "device.h"
#include "emu/keeper.h"
#include "emu/options.h"
#include "emu/surface.h"

#define FRAMES 1000
#define LISTS 4
/* emu/frame_order.c does nothing to many more. */
#define NEIGHBOURS 24

struct kept {
	struct exmap_pool pool;
	void *memory;
	u32 owned[FRAMES];
};

static struct kept *new_pool(void)
{
	struct kept *k = unit_alloc(sizeof(*k));

	k->memory = unit_alloc(exmap_pool_size(FRAMES, LISTS));
	exmap_pool_init(&k->pool, k->memory, FRAMES, LISTS);
	assert_true(emu_keeper_new(&k->pool));
	return k;
}

static void free_pool(struct kept *k)
{
	assert_int_equal(exmap_pool_count(&k->pool), FRAMES);
	emu_keeper_free(&k->pool);
	assert_null(exmap_keeper(&k->pool));
	exmap_pool_destroy(&k->pool);
	free(k->memory);
	free(k);
}

static u32 get_one(struct kept *k, u32 list)
{
	u32 frame;

	assert_int_equal(exmap_pool_get(&k->pool, list, &frame, 1), 1);
	return frame;
}

static void put_one(struct kept *k, u32 list, u32 frame)
{
	exmap_pool_put(&k->pool, list, &frame, 1);
}

static void each_frame_is_handed_out_once_and_then_none(void **state)
{
	struct kept *k = new_pool();
	u32 frames[FRAMES];
	bool seen[FRAMES] = { false };

	(void)state;
	for (int round = 0; round < 3; round++) {
		memset(seen, 0, sizeof(seen));
		for (u32 i = 0; i < FRAMES; i++) {
			frames[i] = get_one(k, i % LISTS);
			assert_true(frames[i] < FRAMES && !seen[frames[i]]);
			seen[frames[i]] = true;
		}
		assert_int_equal(exmap_pool_get(&k->pool, 1, frames, 1), 0);
		assert_int_equal(exmap_pool_count(&k->pool), 0);
		/* Quarantine gives back what it has [4.7]. */
		frames[0] = round;
		put_one(k, 2, round);
		assert_int_equal(exmap_pool_count(&k->pool), 1);
		assert_int_equal(get_one(k, 3), round);
		for (u32 i = 0; i < FRAMES; i++)
			put_one(k, i / 300, i);
	}
	assert_int_equal(exmap_pool_get(&k->pool, 1, frames, FRAMES), FRAMES);
	exmap_pool_put(&k->pool, 1, frames, FRAMES);
	free_pool(k);
}

static void a_reset_frees_all(void **state)
{
	struct kept *k = new_pool();
	u32 frames[FRAMES];

	(void)state;
	assert_int_equal(exmap_pool_get(&k->pool, 0, frames, 700), 700);
	exmap_pool_put(&k->pool, 1, frames, 5);
	exmap_pool_reset(&k->pool);
	assert_int_equal(exmap_pool_count(&k->pool), FRAMES);
	assert_int_equal(exmap_pool_get(&k->pool, 3, frames, FRAMES), FRAMES);
	exmap_pool_put(&k->pool, 3, frames, FRAMES);
	free_pool(k);
}

static void a_freed_frame_waits_for_others(void **state)
{
	u32 n = emu_options()->quarantine;
	struct kept *k;
	u32 frame[20];

	(void)state;
	if (!n || emu_options()->shuffle)
		skip();
	k = new_pool();
	for (int i = 0; i < 20; i++)
		frame[i] = get_one(k, 0);
	for (u32 i = 0; i < n; i++)
		put_one(k, 0, frame[i]);
	for (u32 i = 0; i < n; i++)
		assert_int_not_equal(get_one(k, 0), frame[0]);
	put_one(k, 0, frame[n]);
	assert_int_equal(get_one(k, 0), frame[0]);
	put_one(k, 0, frame[n + 1]);
	put_one(k, 0, frame[n + 2]);
	assert_int_equal(get_one(k, 0), frame[2]);
	free(k->memory);
	free(k);
}

/* In the order in which the lists would, one gets 0, 1, 2 ... */
static void the_order_is_random_and_the_same_again(void **state)
{
	struct kept *k = new_pool();
	struct kept *again = new_pool();
	u32 in_order = 0;
	u32 last = 0;

	(void)state;
	for (u32 i = 0; i < 500; i++) {
		u32 frame = get_one(k, 0);

		assert_int_equal(frame, get_one(again, 0));
		in_order += frame == last + 1;
		last = frame;
		if (i % 3 == 0) {
			put_one(k, 0, frame);
			put_one(again, 0, frame);
		}
	}
	if (emu_options()->shuffle)
		unit_assert_between(in_order, 0, 20);
	exmap_pool_reset(&k->pool);
	exmap_pool_reset(&again->pool);
	free_pool(k);
	free_pool(again);
}

static void others_frames_go_first(void **state)
{
	struct kept *k = new_pool();
	u32 frames[FRAMES];
	u32 got;

	(void)state;
	assert_int_equal(exmap_pool_get(&k->pool, 0, frames, 60), 60);
	exmap_pool_put(&k->pool, 0, frames, 30);
	exmap_pool_put(&k->pool, 1, frames + 30, 30);
	assert_int_equal(k->pool.lists[0].free + k->pool.lists[1].free,
			 60 - emu_options()->quarantine);
	got = get_one(k, 0);
	assert_int_equal(k->pool.lists[0].steals, emu_options()->steal ? 1 : 0);
	/* Which of them it is, shuffling and quarantine decide. */
	for (int i = 0; i < 30; i++)
		assert_int_not_equal(got, frames[emu_options()->steal ? i : 30 + i]);
	put_one(k, 2, got);
	exmap_pool_reset(&k->pool);
	free_pool(k);
}

/* A mover that likes frames in order must not put them so. */
static void pages_get_frames_in_random_order(void **state)
{
	struct device *d = unit_device_new(NEIGHBOURS, NEIGHBOURS, -1);
	const struct exmap_surface *s = &d->file->dev->surface->core;
	u32 in_order = 0;

	(void)state;
	assert_int_equal(unit_one(d, 0, EXMAP_OP_ALLOC, 0, NEIGHBOURS), NEIGHBOURS);
	for (u64 page = 1; page < NEIGHBOURS; page++)
		in_order += exmap_word_frame(s->table[page]) ==
			    exmap_word_frame(s->table[page - 1]) + 1;
	if (emu_options()->shuffle)
		unit_assert_between(in_order, 0, 10);
	else
		assert_int_equal(in_order, NEIGHBOURS - 1);
	unit_device_free(d);
}

static void use(void *ctx, unsigned int index)
{
	struct kept *k = ctx;
	u32 random = index;
	u32 frames[64];

	for (int round = 0; round < UNIT_ROUNDS(5000); round++) {
		u32 got = exmap_pool_get(&k->pool, index, frames, unit_random(&random, 64));

		for (u32 i = 0; i < got; i++)
			__atomic_fetch_add(&k->owned[frames[i]], 1, __ATOMIC_RELAXED);
		for (u32 i = 0; i < got; i++) {
			if (__atomic_fetch_sub(&k->owned[frames[i]], 1, __ATOMIC_RELAXED) != 1)
				abort();
		}
		exmap_pool_put(&k->pool, index, frames, got);
	}
}

static void threads_never_share_a_frame(void **state)
{
	struct kept *k = new_pool();

	(void)state;
	unit_run_threads(LISTS, use, k);
	free_pool(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_frame_is_handed_out_once_and_then_none),
		cmocka_unit_test(a_reset_frees_all),
		cmocka_unit_test(a_freed_frame_waits_for_others),
		cmocka_unit_test(the_order_is_random_and_the_same_again),
		cmocka_unit_test(others_frames_go_first),
		cmocka_unit_test(pages_get_frames_in_random_order),
		cmocka_unit_test(threads_never_share_a_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
