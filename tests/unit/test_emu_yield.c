// SPDX-License-Identifier: MIT
/* test_emu_yield.c - random decisions, and where option yield= makes some */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>

#include "device.h"
#include "core/chance.h"
#include "emu/options.h"
#include "emu/yield.h"
#include "file.h"

static void probabilities_are_read(void **state)
{
	static const struct {
		const char *text;
		bool good;
		u32 p;
	} texts[] = {
		{ "0", true, 0 },
		{ "1", true, EXMAP_CERTAIN },
		{ "1.0", true, EXMAP_CERTAIN },
		{ "0.25", true, EXMAP_CERTAIN / 4 },
		{ ".001", true, EXMAP_CERTAIN / 1000 },
		{ "0.0000000019", true, 1 },
		{ "1.1", false, 0 },
		{ "2", false, 0 },
		{ "99999999999999999999", false, 0 },
		{ "-0.1", false, 0 },
		{ "0.1x", false, 0 },
		{ "0,1", false, 0 },
		{ ".", false, 0 },
		{ "", false, 0 },
	};
	u32 p;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(exmap_chance_parse(texts[i].text, &p), texts[i].good);
		if (texts[i].good)
			assert_int_equal(p, texts[i].p);
	}
}

static u32 happened(u64 seed, u64 stream, u32 p, u32 n)
{
	u64 next = 0;
	u32 times = 0;

	for (u32 i = 0; i < n; i++)
		times += exmap_happens(exmap_random(&next, seed, stream), p);
	return times;
}

static void decisions_have_their_probability(void **state)
{
	(void)state;
	for (u64 seed = 1; seed < 20; seed++) {
		assert_int_equal(happened(seed, 0, 0, 1000), 0);
		assert_int_equal(happened(seed, 0, EXMAP_CERTAIN, 1000), 1000);
		unit_assert_between(happened(seed, 3, EXMAP_CERTAIN / 10, 10000), 800, 1200);
	}
}

/* Numbers of streams and of seeds beside each other have nothing in common. */
static void streams_differ(void **state)
{
	u64 a = 0, b = 0, c = 0;
	u32 same = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		bool one = exmap_happens(exmap_random(&a, 5, 0), EXMAP_CERTAIN / 2);

		same += one == exmap_happens(exmap_random(&b, 5, 1), EXMAP_CERTAIN / 2);
		same += one == exmap_happens(exmap_random(&c, 6, 0), EXMAP_CERTAIN / 2);
	}
	unit_assert_between(same, 900, 1100);
}

/* What the seed says that calls of interface 1 do: each of them passes @places places. */
static u64 expected(u64 *next, u32 calls, u32 places)
{
	u64 times = 0;

	for (u32 i = 0; i < calls * places; i++)
		times += exmap_happens(exmap_random(next, emu_options()->seed, 1),
				       emu_options()->yield);
	return times;
}

static void calls_yield_as_the_seed_says(void **state)
{
	struct device *d = unit_device_new(64, 64, unit_file(64 * EXMAP_PAGE_SIZE, O_DIRECT));
	u64 before = emu_yields();
	u64 next = 0;
	u64 times = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		/* Before the lock; claimed; mapped. */
		assert_int_equal(unit_one(d, 1, EXMAP_OP_ALLOC, 7, 1), 1);
		times += expected(&next, 1, 3);
		/* Before the lock; claimed; unmapped. */
		assert_int_equal(unit_one(d, 1, EXMAP_OP_FREE, 7, 1), 1);
		times += expected(&next, 1, 3);
		assert_int_equal(unit_read_pages(d, 1, EXMAP_OP_READ, 8, 2), 2 * EXMAP_PAGE_SIZE);
		assert_int_equal(unit_one(d, 1, EXMAP_OP_FREE, 8, 2), 2);
		times += expected(&next, 2, 3);
		/* Nothing to do, but for the lock. */
		assert_int_equal(unit_one(d, 1, EXMAP_OP_FREE, 8, 2), 0);
		times += expected(&next, 1, 1);
		assert_int_equal(emu_yields() - before, times);
	}
	unit_device_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probabilities_are_read),
		cmocka_unit_test(decisions_have_their_probability),
		cmocka_unit_test(streams_differ),
		cmocka_unit_test(calls_yield_as_the_seed_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
