/* SPDX-License-Identifier: MIT */
/*
 * plan.h - in which order the events of a trace are done again, and which of them raced
 *
 * Each thread does its events in their order. Between threads these rules hold, where an event takes
 * the time from its start to its end:
 *
 * 1. An event that began after another had ended does so again. Whatever a client made sure of by
 *    locks of its own is in that order, so that the results follow.
 * 2. Of two calls whose times overlapped, and which named a common page, or of which one gave frames
 *    back while the other may have needed them, one is done first: a FREE counts as done at its
 *    start, another call at its end. What happened within such calls the trace does not tell. So this
 *    is the likeliest order, and no certain one: they *raced*.
 *
 * All other calls that overlapped may overlap again.
 */
#ifndef EXMAP_TRACE_PLAN_H
#define EXMAP_TRACE_PLAN_H

#include "trace.h"

/**
 * struct wait - a step of another thread that has to be done before
 * @thread: the other thread
 * @steps:  number of its steps that have to be done
 * @next:   index of the next wait of the same step in plan.waits; 0 for none
 */
struct wait {
	uint32_t thread;
	uint32_t steps;
	uint32_t next;
};

/**
 * struct step - an event that is done again
 * @event:   the event
 * @waits:   index of the first wait in plan.waits; 0 for none
 * @overlap: the call's time overlapped with that of another call on the same exmap
 * @raced:   such a call named a common page
 */
struct step {
	const struct event *event;
	uint32_t waits;
	bool overlap;
	bool raced;
};

/** struct lane - the steps of one thread, in their order. */
struct lane {
	struct step *steps;
	uint32_t nr;
};

/**
 * struct plan - the order
 * @lanes: for each thread of the trace
 * @waits: waits of all steps; [0] is not used
 */
struct plan {
	struct lane *lanes;
	uint32_t nr_lanes;
	struct wait *waits;
	uint32_t nr_waits;
};

/**
 * plan_of() - find the order
 * @unordered: calls of two threads need not wait for each other
 */
struct plan *plan_of(const struct trace *trace, bool unordered);

/** plan_free() - free an order. */
void plan_free(struct plan *plan);

#endif /* EXMAP_TRACE_PLAN_H */
