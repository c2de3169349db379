/* SPDX-License-Identifier: MIT */
/* outcome.h - what came of an event when it was done again, and the trace of that */
#ifndef EXMAP_TRACE_OUTCOME_H
#define EXMAP_TRACE_OUTCOME_H

#include "plan.h"

/**
 * struct outcome - what came of a step
 * @start:   CLOCK_MONOTONIC
 * @end:     likewise
 * @result:  as in struct emu_trace_event
 * @words:   of an ACTION: the results of its vectors; else NULL
 * @skipped: the step was not done, because nothing can do it again as it was
 */
struct outcome {
	uint64_t start;
	uint64_t end;
	int64_t result;
	uint64_t *words;
	bool skipped;
};

/**
 * outcomes_write() - write a trace of a replay
 * @path:     the file; one that is there is overwritten
 * @plan:     the steps
 * @outcomes: for each lane an array of outcomes of its steps
 */
void outcomes_write(const char *path, const struct trace *trace, const struct plan *plan,
		    struct outcome *const *outcomes);

#endif /* EXMAP_TRACE_OUTCOME_H */
