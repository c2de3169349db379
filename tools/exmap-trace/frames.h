/* SPDX-License-Identifier: MIT */
/* frames.h - how many frames of each exmap are in use, as a trace goes on */
#ifndef EXMAP_TRACE_FRAMES_H
#define EXMAP_TRACE_FRAMES_H

#include "trace.h"

/**
 * follow_frames() - tell how many frames are in use after each event that changes that
 * @tell: called with the event, and the frames of its exmap that are in use before and after it
 *
 * In the order of the events' ends: what a call did is done then. A trace that lacks events may free
 * more than it allocates, and then 0 is told.
 */
void follow_frames(const struct trace *trace, void *context,
		   void (*tell)(void *context, const struct event *event, uint64_t before,
				uint64_t after));

#endif /* EXMAP_TRACE_FRAMES_H */
