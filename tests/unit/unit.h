/* SPDX-License-Identifier: MIT */
/*
 * unit.h - what all unit tests share: cmocka, threads, random numbers
 *
 * cmocka's assertions may be used by the main thread only, because they jump. A test's other
 * threads count what is wrong, and the main thread asserts that the count is 0.
 */
#ifndef EXMAP_TESTS_UNIT_H
#define EXMAP_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/platform.h"

/* Rounds of a loop: fewer under a sanitizer, by about as much as it slows the code down. */
#if defined(EXMAP_TSAN) || defined(__SANITIZE_ADDRESS__)
#define UNIT_ROUNDS(n) ((n) / 10)
#else
#define UNIT_ROUNDS(n) (n)
#endif

/* Rounds of a loop that takes seconds: a quarter, unless EXMAP_TEST_LONG is set. */
#define UNIT_LONG_ROUNDS(n) (UNIT_ROUNDS(n) / (getenv("EXMAP_TEST_LONG") ? 1 : 4))

/**
 * unit_assert_between() - fail the test unless @least <= @value <= @most
 *
 * cmocka 2 deprecates assert_in_range() for functions that cmocka 1 has not.
 */
#define unit_assert_between(value, least, most)                                                  \
	do {                                                                                     \
		u64 unit_value = (value), unit_least = (least), unit_most = (most);              \
                                                                                                 \
		if (unit_value < unit_least || unit_value > unit_most)                           \
			fail_msg("%s is %llu, and not from %llu to %llu", #value,                \
				 (unsigned long long)unit_value, (unsigned long long)unit_least, \
				 (unsigned long long)unit_most);                                 \
	} while (0)

/** unit_run_threads() - call fn(ctx, 0) to fn(ctx, n - 1) in @n threads, and wait for all. */
void unit_run_threads(unsigned int n, void (*fn)(void *ctx, unsigned int index), void *ctx);

/** unit_random() - a random number below @n; @state may start with any value. */
u32 unit_random(u32 *state, u32 n);

/** unit_alloc() - allocate zeroed memory, aligned to a cache line; never NULL. */
void *unit_alloc(size_t size);

/** unit_wait_for() - wait until *@word is at least @value. */
void unit_wait_for(u32 *word, u32 value);

#endif /* EXMAP_TESTS_UNIT_H */
