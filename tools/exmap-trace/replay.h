/* SPDX-License-Identifier: MIT */
/* replay.h - exmap-trace replay: the calls of a trace once more, on whatever serves /dev/exmap */
#ifndef EXMAP_TRACE_REPLAY_H
#define EXMAP_TRACE_REPLAY_H

#include "trace.h"

/**
 * struct replay_options - how to replay
 * @backing: the file that READs read; NULL to make one without content, as long as they need
 * @output:  the file for a trace of the replay; NULL for none
 * @timed:   no event begins earlier than in the recording
 * @free:    threads do not wait for each other
 * @json:    print the figures as JSON
 */
struct replay_options {
	const char *backing;
	const char *output;
	bool timed;
	bool free;
	bool json;
};

/** replay() - replay a trace, and print what came of it. Return: exit status. */
int replay(const struct trace *trace, const struct replay_options *options);

#endif /* EXMAP_TRACE_REPLAY_H */
