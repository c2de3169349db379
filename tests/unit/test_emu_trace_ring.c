// SPDX-License-Identifier: MIT
/* test_emu_trace_ring.c - a ring loses no event that it did not drop, and mixes none up */

#include "unit.h"

#include <pthread.h>
#include <string.h>

#include "emu/ring.h"

#define SIZE 4096
#define HEADER ((u32)sizeof(struct emu_trace_event))

/* Commits an event as one of @size bytes that says @number. Return: as emu_ring_commit(). */
static bool finish(struct emu_ring *ring, struct emu_trace_event *event, u32 size, u64 number)
{
	if (!event)
		return false;
	memset(event, number & 0xff, size);
	event->kind = EMU_TRACE_OPEN;
	event->size = size;
	event->start = number;
	return emu_ring_commit(ring, size);
}

/* Puts an event of @size bytes that says @number. Return: whether there was room. */
static bool put(struct emu_ring *ring, u32 size, u64 number)
{
	struct emu_trace_event *event = emu_ring_reserve(ring, size);

	finish(ring, event, size, number);
	return event != NULL;
}

/* Takes what is there. Calls @tell for each event but pads. Return: number of events. */
static u64 take(struct emu_ring *ring, void (*tell)(const struct emu_trace_event *event, void *arg),
		void *arg)
{
	u64 n = 0;

	/* Behind the end of the ring comes its beginning. */
	for (int part = 0; part < 2; part++) {
		struct iovec there = emu_ring_peek(ring);

		for (u64 at = 0; at < there.iov_len;) {
			const struct emu_trace_event *event =
				(const void *)((const char *)there.iov_base + at);

			at += event->size;
			if (event->kind == EMU_TRACE_PAD)
				continue;
			if (tell)
				tell(event, arg);
			n++;
		}
		emu_ring_consume(ring, there.iov_len);
	}
	return n;
}

static void comes_next(const struct emu_trace_event *event, void *arg)
{
	u64 *next = arg;
	const unsigned char *bytes = (const void *)event;

	assert_int_equal(event->start, *next);
	for (u32 i = HEADER; i < event->size; i++)
		assert_int_equal(bytes[i], *next & 0xff);
	++*next;
}

static void in_order(void **state)
{
	struct emu_ring *ring = emu_ring_new(7, SIZE);
	u32 seed = 1;
	u64 next = 0;

	(void)state;
	assert_non_null(ring);
	assert_int_equal(ring->tid, 7);
	/* Many times around, with events of all sizes, so that every place is the ring's end. */
	for (u64 i = 0; i < 20000; i++) {
		assert_true(put(ring, HEADER + 8 * unit_random(&seed, 100), i));
		/* At most two are in the ring, which has room for any two. */
		if (next < i || unit_random(&seed, 2))
			take(ring, comes_next, &next);
	}
	take(ring, comes_next, &next);
	assert_int_equal(next, 20000);
	assert_int_equal(ring->dropped, 0);
	emu_ring_free(ring);
}

/* All of the ring can be filled, and not a byte more. */
static void full(void **state)
{
	struct emu_ring *ring = emu_ring_new(1, SIZE);
	u64 next = 0, n = SIZE / 64;

	(void)state;
	for (u64 i = 0; i < n; i++)
		assert_true(put(ring, 64, i));
	for (u64 i = 1; i <= 3; i++) {
		assert_false(put(ring, 64, 0));
		assert_int_equal(ring->dropped, i);
	}
	/* What was dropped has changed nothing. */
	assert_int_equal(take(ring, comes_next, &next), n);
	assert_true(put(ring, 64, next));
	assert_int_equal(take(ring, comes_next, &next), 1);
	assert_int_equal(ring->dropped, 3);
	emu_ring_free(ring);
}

/* An event that does not fit behind the others, nor before them, leaves both as they are. */
static void does_not_fit_around_the_end(void **state)
{
	struct emu_ring *ring = emu_ring_new(1, SIZE);
	u64 next = 0;

	(void)state;
	assert_true(put(ring, 1024, 0));
	assert_true(put(ring, 2048, 1));
	assert_int_equal(take(ring, comes_next, &next), 2);
	assert_true(put(ring, 512, 2));
	/* 512 bytes are left at the end, and 3072 before. */
	assert_false(put(ring, 3080, 3));
	assert_true(put(ring, 3072, 3));
	assert_false(put(ring, HEADER, 4));
	assert_int_equal(take(ring, comes_next, &next), 2);
	assert_int_equal(ring->dropped, 2);
	emu_ring_free(ring);
}

static void shorter_than_reserved(void **state)
{
	struct emu_ring *ring = emu_ring_new(1, SIZE);
	u64 next = 0;

	(void)state;
	for (u64 i = 0; i < 1000; i++) {
		struct emu_trace_event *event = emu_ring_reserve(ring, 2048);

		assert_non_null(event);
		finish(ring, event, HEADER + 8, i);
		take(ring, comes_next, &next);
	}
	assert_int_equal(next, 1000);
	emu_ring_free(ring);
}

/* A handler that interrupts its thread in the middle of an event. */
static void handler_in_between(void **state)
{
	struct emu_ring *ring = emu_ring_new(1, SIZE);
	struct emu_trace_event *event = emu_ring_reserve(ring, 64);
	u64 next = 0;

	(void)state;
	assert_false(put(ring, 64, 1));
	assert_int_equal(ring->dropped, 1);
	assert_int_equal(take(ring, NULL, NULL), 0);
	finish(ring, event, 64, 0);
	assert_true(put(ring, 64, 1));
	assert_int_equal(take(ring, comes_next, &next), 2);
	emu_ring_free(ring);
}

/* What a forked child finds: the kernel has wiped the ring. */
static void wiped(void **state)
{
	static struct emu_ring ring;

	(void)state;
	for (u32 i = 1; i <= 3; i++) {
		assert_null(emu_ring_reserve(&ring, 64));
		assert_int_equal(ring.dropped, i);
	}
}

static void tells_when_to_wake(void **state)
{
	struct emu_ring *ring = emu_ring_new(1, SIZE);

	(void)state;
	for (u64 i = 0; i < 4 * SIZE / 256; i++) {
		/* At the middle and at the end of the ring. */
		bool crosses = (i + 1) * 256 % (SIZE / 2) == 0;
		struct emu_trace_event *event = emu_ring_reserve(ring, 256);

		assert_non_null(event);
		assert_int_equal(finish(ring, event, 256, i), crosses);
		take(ring, NULL, NULL);
	}
	emu_ring_free(ring);
}

/* A writer and a reader at the same time. */
#define EVENTS UNIT_LONG_ROUNDS(4000000)

struct pair {
	struct emu_ring *ring;
	u64 sent;
	u32 done;
	u64 got;
	u64 last;
	u64 wrong;
};

static void check_event(const struct emu_trace_event *event, void *arg)
{
	struct pair *pair = arg;
	const unsigned char *bytes = (const void *)event;

	/* Some were dropped, but none comes twice, nor before an older one. */
	pair->wrong += event->start <= pair->last;
	pair->last = event->start;
	pair->got++;
	for (u32 i = HEADER; i < event->size; i++)
		pair->wrong += bytes[i] != (event->start & 0xff);
}

static void run_pair(void *ctx, unsigned int index)
{
	struct pair *pair = ctx;
	u32 seed = 3;

	if (index) {
		while (!exmap_load_acquire(&pair->done))
			take(pair->ring, check_event, pair);
		take(pair->ring, check_event, pair);
		return;
	}
	for (u64 i = 1; i <= (u64)EVENTS; i++)
		pair->sent += put(pair->ring, HEADER + 8 * unit_random(&seed, 20), i);
	exmap_store_release(&pair->done, 1);
}

static void two_threads(void **state)
{
	struct pair pair = { .ring = emu_ring_new(1, SIZE) };

	(void)state;
	unit_run_threads(2, run_pair, &pair);
	assert_int_equal(pair.wrong, 0);
	assert_int_equal(pair.got, pair.sent);
	assert_int_equal(pair.sent + pair.ring->dropped, EVENTS);
	assert_true(pair.sent > 0);
	emu_ring_free(pair.ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(full),
		cmocka_unit_test(does_not_fit_around_the_end),
		cmocka_unit_test(shorter_than_reserved),
		cmocka_unit_test(handler_in_between),
		cmocka_unit_test(wiped),
		cmocka_unit_test(tells_when_to_wake),
		cmocka_unit_test(two_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
