/* SPDX-License-Identifier: MIT */
/* output.h - a tool whose output could not be written, as on a full disk, says so and fails */
#ifndef EXMAP_TOOLS_OUTPUT_H
#define EXMAP_TOOLS_OUTPUT_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void output_check(void)
{
	bool failed = ferror(stdout);

	errno = 0;
	failed |= fflush(stdout) != 0;
	if (!failed)
		return;
	/* The write that failed may have been an earlier one, whose errno is gone. */
	fprintf(stderr, "%s: stdout cannot be written%s%s\n", program_invocation_short_name,
		errno ? ": " : "", errno ? strerror(errno) : "");
	_exit(EXIT_FAILURE);
}

/** output_must_arrive() - at exit, check that all of standard output was written */
static inline void output_must_arrive(void)
{
	atexit(output_check);
}

#endif /* EXMAP_TOOLS_OUTPUT_H */
