// SPDX-License-Identifier: MIT
/*
 * engine_nested.c - one worker that reads a large object inside the read of another
 *
 * The callback that gets an object's span inserts pages, reads another object in the same area, and
 * ends all shadows of the worker. Afterwards the outer read begins again.
 */
#include "engine.h"

#define LEVELS 9

static struct engine e;

/* An object of 1, 2, 4 ... pages, far apart; objects do not overlap. */
static void object(struct engine_extent *extent, int n, uint64_t first)
{
	for (int i = 0; i < n; i++) {
		extent[i].page = first + i * 700;
		extent[i].len = 1UL << i;
	}
}

static uint64_t span(const struct engine_extent *extent, int n)
{
	uint64_t len = 0;

	for (int i = 0; i < n; i++)
		len += extent[i].len;
	return len;
}

static void load(const struct engine_extent *extent, int n)
{
	for (int i = 0; i < n; i++) {
		for (uint64_t j = 0; j < extent[i].len; j++)
			CHECK(engine_read(&e, 0, extent[i].page + j));
	}
}

static void no_shadows_at_all(void)
{
	struct engine_extent one = { 3, 1 };

	CHECK(engine_rm_shadow(&e, 0) == 0);
	/* Nothing is there to show, and it is no error. */
	CHECK(engine_shadow(&e, 0, &one, 1, engine_area(&e, 0)) == 0);
	CHECK(engine_rm_shadow(&e, 0) == 0);
	CHECK(engine_rm_shadow(&e, 0) == 0);
}

/* What an insert does while a span is being read: new pages, and old ones given up. */
static void insert(uint64_t page)
{
	struct engine_extent some[3] = { { page, 1 }, { page + 7, 2 }, { page + 20, 1 } };

	engine_alloc(&e, 0, some, 3);
	for (int i = 0; i < 3; i++)
		memset(engine_at(&e, some[i].page), 1, some[i].len * PAGE);
	CHECK(engine_free(&e, 0, some, 3) == 0);
}

static void nested(void)
{
	struct engine_extent outer[LEVELS], inner[4];
	uint64_t area = engine_area(&e, 0);

	object(outer, LEVELS, 0);
	object(inner, 4, 300);
	load(outer, LEVELS);
	load(inner, 4);
	for (int round = 0; round < 20; round++) {
		CHECK(engine_shadow(&e, 0, outer, LEVELS, area) == 0);
		CHECK(engine_shows(&e, area, outer, LEVELS));
		insert(6900);
		CHECK(engine_shows(&e, area, outer, LEVELS));
		/* The inner read takes the area's beginning, or lies across its end. */
		uint64_t at = round & 1 ? area : area + span(outer, LEVELS) - 5;

		CHECK(engine_shadow(&e, 0, inner, 4, at) == 0);
		CHECK(engine_shows(&e, at, inner, 4));
		/* The rest of the outer one is still there. */
		CHECK(engine_shows(&e, area + 127, outer + 7, 1));
		CHECK(engine_rm_shadow(&e, 0) == 0);
		CHECK(engine_shadow(&e, 0, outer, LEVELS, area) == 0);
		CHECK(engine_shows(&e, area, outer, LEVELS));
		CHECK(engine_rm_shadow(&e, 0) == 0);
	}
}

/* An object that is changed and read again: its span must not be of before. */
static void changed(void)
{
	struct engine_extent extent[3];
	uint64_t area = engine_area(&e, 0);

	object(extent, 3, 100);
	load(extent, 3);
	for (int round = 1; round < 50; round++) {
		*(uint64_t *)engine_at(&e, extent[1].page + 1) = round;
		CHECK(engine_shadow(&e, 0, extent, 3, area) == 0);
		CHECK(*(volatile uint64_t *)engine_at(&e, area + 2) == (uint64_t)round);
		CHECK(engine_holds(engine_at(&e, area + 1), extent[1].page));
		CHECK(engine_rm_shadow(&e, 0) == 0);
	}
	/* The page as the database has it. */
	CHECK(engine_read(&e, 0, extent[1].page + 1));
	CHECK(engine_shadow(&e, 0, extent, 3, area) == 0);
	CHECK(engine_shows(&e, area, extent, 3));
	CHECK(engine_rm_shadow(&e, 0) == 0);
	CHECK(engine_free(&e, 0, extent, 3) == 0);
}

/* The common area shows an object that is too large for the worker's own. */
static void common(void)
{
	struct engine_extent extent[LEVELS];
	uint64_t area = engine_area(&e, e.workers);

	object(extent, LEVELS, 20);
	load(extent, LEVELS);
	CHECK(engine_shadow(&e, 0, extent, LEVELS, area) == 0);
	CHECK(engine_shows(&e, area, extent, LEVELS));
	CHECK(engine_rm_shadow(&e, 0) == 0);
	/* Pages stay mapped at the end of the process, and shadows do. */
	CHECK(engine_shadow(&e, 0, extent, LEVELS, area) == 0);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		engine_device = argv[1];
	engine_open(&e, 1, 8192, 1024, 2048, ENGINE_CPU_AFFINITY);
	no_shadows_at_all();
	nested();
	changed();
	common();
	return check_done();
}
