// SPDX-License-Identifier: MIT
/* sections.c - the arrays of tests */

#include "harness.h"

extern const struct test race_tests[];
extern const struct test fuzz_tests[];
extern const struct test memory_tests[];
extern const struct test kill_tests[];
extern const struct test shadow_tests[];
extern const struct test inject_tests[];

const struct test *const test_sections[] = { race_tests,   fuzz_tests,	 memory_tests, kill_tests,
					     shadow_tests, inject_tests, NULL };
const char test_doc[] = "Abuse whatever serves /dev/exmap: it stays up, and nothing leaks.";
const double test_seconds = 240;
