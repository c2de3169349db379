/* SPDX-License-Identifier: MIT */
/* compare.h - whether an event came to the same twice, and exmap-trace diff */
#ifndef EXMAP_TRACE_COMPARE_H
#define EXMAP_TRACE_COMPARE_H

#include "outcome.h"

/**
 * enum verdict - what two results are to each other
 * @SAME:      equal
 * @RACED:     they differ, as they may: the recorded call overlapped with one that named a common
 *             page, or with any other call where one of the two results is ENOMEM
 * @DIFFERENT: they differ
 */
enum verdict { SAME, RACED, DIFFERENT };

/** compare_outcome() - compare what came of a step with what was recorded. */
enum verdict compare_outcome(const struct step *step, const struct outcome *outcome);

/**
 * diff() - compare the results of two traces of the same calls, and print those that differ
 * @strict: results that may differ are differences too
 *
 * Return: exit status: 0 or EXIT_DIFFERENT.
 */
int diff(const struct trace *a, const struct trace *b, bool strict);

#endif /* EXMAP_TRACE_COMPARE_H */
