// SPDX-License-Identifier: MIT
/* sections.c - the arrays of tests, in the order of the clauses */

#include "harness.h"

extern const struct test open_tests[];
extern const struct test fork_tests[];
extern const struct test lifetime_race_tests[];
extern const struct test mmap_tests[];
extern const struct test protect_tests[];
extern const struct test setup_tests[];
extern const struct test action_tests[];
extern const struct test alloc_free_tests[];
extern const struct test action_race_tests[];
extern const struct test pin_tests[];
extern const struct test read_tests[];
extern const struct test read_failure_tests[];
extern const struct test fault_tests[];
extern const struct test kernel_access_tests[];
extern const struct test stats_tests[];
extern const struct test clone_tests[];
extern const struct test export_tests[];
extern const struct test syscall_400_tests[];
extern const struct test uring_tests[];
extern const struct test uring_batch_tests[];
extern const struct test uring_files_tests[];
extern const struct test aio_tests[];
extern const struct test shadow_tests[];
extern const struct test shadow_end_tests[];
extern const struct test dialect_tests[];

const struct test *const test_sections[] = {
	open_tests,	     fork_tests,
	lifetime_race_tests, mmap_tests,
	protect_tests,	     setup_tests,
	action_tests,	     alloc_free_tests,
	action_race_tests,   pin_tests,
	read_tests,	     read_failure_tests,
	fault_tests,	     kernel_access_tests,
	stats_tests,	     clone_tests,
	export_tests,	     syscall_400_tests,
	uring_tests,	     uring_batch_tests,
	uring_files_tests,   aio_tests,
	shadow_tests,	     shadow_end_tests,
	dialect_tests,	     NULL,
};
const char test_doc[] = "Test whatever serves /dev/exmap against the clauses of docs/spec.md.";
const double test_seconds = 20;
