// SPDX-License-Identifier: MIT
/* sections.c - the program's tests, and what it is */

#include "harness.h"

const struct test *const test_sections[] = {
	open_tests,
	mmap_tests,
	setup_tests,
	action_tests,
	race_tests,
	read_tests,
	aio_tests,
	uring_files_tests,
	access_tests,
	other_tests,
	more_tests,
	more_mmap_tests,
	more_action_tests,
	more_read_tests,
	more_access_tests,
	more_race_tests,
	uring_tests,
	uring_batch_tests,
	NULL,
};
const char test_doc[] = "Test whatever serves /dev/exmap against the clauses of docs/spec.md.";
const double test_seconds = 20;
