/* SPDX-License-Identifier: MIT */
/*
 * child.h - the child's side of a run
 */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include "run.h"

/** child - do the operations, with the result in @o; ends the process. */
__attribute__((noreturn)) void child(const struct source *source, const struct extras *extras,
				     struct outcome *o);

/** transcript_begin - @header is the same for runs that can be compared. */
void transcript_begin(const struct extras *extras, const char *header);
/** transcript_add - the hash of an operation's results. Return: NULL, or what is wrong. */
const char *transcript_add(uint64_t hash);
/** transcript_end - write all of it; likewise. */
const char *transcript_end(void);

#endif
