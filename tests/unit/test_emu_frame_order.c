// SPDX-License-Identifier: MIT
/* test_emu_frame_order.c - frames in pieces are joined, and none is lost */

#include "unit.h"

#include <string.h>

#include "core/call.h"
#include "emu/frame_order.h"

static u32 frames[EXMAP_BATCH_FRAMES];
static u32 nr;

static void piece(u32 first, u32 len)
{
	for (u32 i = 0; i < len; i++)
		frames[nr++] = first + i;
}

static void assert_ascending(void)
{
	for (u32 i = 1; i < nr; i++)
		assert_true(frames[i] > frames[i - 1]);
}

static void nothing_and_one(void **state)
{
	(void)state;
	nr = 0;
	emu_order_frames(NULL, frames, 0);
	piece(7, 1);
	emu_order_frames(NULL, frames, 1);
	assert_int_equal(frames[0], 7);
}

static void pieces_are_joined(void **state)
{
	(void)state;
	nr = 0;
	piece(512, 100);
	piece(0, 200);
	piece(300, 212);
	emu_order_frames(NULL, frames, nr);
	assert_ascending();
	assert_int_equal(frames[0], 0);
	assert_int_equal(frames[199], 199);
	for (u32 i = 200; i < nr; i++)
		assert_int_equal(frames[i], 100 + i);
}

/* Pieces of one frame each, in descending order: few are sorted, too many are left. */
static void single_frames(void **state)
{
	u32 before[EXMAP_BATCH_FRAMES];

	(void)state;
	for (u32 n = 2; n <= EXMAP_BATCH_FRAMES; n++) {
		bool left;

		nr = 0;
		for (u32 i = 0; i < n; i++)
			piece(2 * (n - i), 1);
		memcpy(before, frames, sizeof(before));
		emu_order_frames(NULL, frames, n);
		left = !memcmp(before, frames, n * sizeof(*frames));
		assert_true(left == (n > 32));
		if (!left)
			assert_ascending();
		for (u32 i = 0; i < n && !left; i++)
			assert_int_equal(frames[i], before[n - 1 - i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_and_one),
		cmocka_unit_test(pieces_are_joined),
		cmocka_unit_test(single_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
