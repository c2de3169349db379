// SPDX-License-Identifier: MIT
/* outcome.c - see outcome.h */

#include "outcome.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void put(FILE *out, const void *data, size_t size)
{
	/* An error shows at the end: fclose() tells of it. */
	fwrite(data, size, 1, out);
}

/* The event with its new times and results. Return: memory of @*event, whose size is set. */
static struct emu_trace_event *event_of(const struct step *step, const struct outcome *outcome)
{
	const struct emu_trace_event *in = step->event->in;
	const struct emu_trace_call *call = call_of(in);
	bool results = outcome->words != NULL;
	size_t size = results ? sizeof(*call) + 2 * call->nr * sizeof(uint64_t) : in->size;
	struct emu_trace_event *event = need(malloc(size));

	memcpy(event, in, in->size < size ? in->size : size);
	event->size = size;
	event->start = outcome->start;
	event->end = outcome->end;
	event->result = outcome->result;
	if (is_call(event)) {
		((struct emu_trace_call *)event)->steals = 0;
		event->flags &= ~EMU_TRACE_RESULTS;
	}
	if (results) {
		event->flags |= EMU_TRACE_RESULTS;
		memcpy(((struct emu_trace_call *)event)->word + call->nr, outcome->words,
		       call->nr * sizeof(uint64_t));
	}
	return event;
}

static struct emu_trace_chunk chunk_of(uint32_t kind, uint32_t tid, uint32_t size)
{
	return (struct emu_trace_chunk){
		.magic = EMU_TRACE_CHUNK_MAGIC,
		.kind = kind,
		.tid = tid,
		.size = size,
		.ticks = now(CLOCK_MONOTONIC),
		.mono = now(CLOCK_MONOTONIC),
	};
}

/* A chunk for each event: their number is what a reader has to read anyway. */
static void put_step(FILE *out, uint32_t tid, const struct step *step,
		     const struct outcome *outcome)
{
	struct emu_trace_event *event = event_of(step, outcome);
	struct emu_trace_chunk chunk = chunk_of(EMU_TRACE_EVENTS, tid, event->size);

	put(out, &chunk, sizeof(chunk));
	put(out, event, event->size);
	free(event);
}

static void put_header(FILE *out, const struct trace *trace, uint64_t start)
{
	struct emu_trace_header header = {
		.version = EMU_TRACE_VERSION,
		.size = sizeof(header),
		.clock = EMU_TRACE_NANOSECONDS,
		.pid = getpid(),
		.ticks = start,
		.mono = start,
		.real = now(CLOCK_REALTIME) - (now(CLOCK_MONOTONIC) - start),
	};

	memcpy(header.magic, EMU_TRACE_MAGIC, sizeof(header.magic));
	memcpy(header.command, trace->header->command, sizeof(header.command));
	put(out, &header, sizeof(header));
}

static uint64_t first_start(const struct plan *plan, struct outcome *const *outcomes)
{
	uint64_t first = UINT64_MAX;

	for (uint32_t i = 0; i < plan->nr_lanes; i++) {
		if (plan->lanes[i].nr && outcomes[i][0].start < first)
			first = outcomes[i][0].start;
	}
	return first;
}

void outcomes_write(const char *path, const struct trace *trace, const struct plan *plan,
		    struct outcome *const *outcomes)
{
	struct emu_trace_chunk end = chunk_of(EMU_TRACE_END, 0, 0);
	FILE *out = fopen(path, "we");

	if (!out)
		die("%s: %s", path, strerror(errno));
	put_header(out, trace, first_start(plan, outcomes));
	for (uint32_t i = 0; i < plan->nr_lanes; i++) {
		for (uint32_t j = 0; j < plan->lanes[i].nr; j++)
			put_step(out, trace->threads[i].tid, &plan->lanes[i].steps[j],
				 &outcomes[i][j]);
	}
	put(out, &end, sizeof(end));
	if (ferror(out) | fclose(out))
		die("%s: %s; the trace of the replay is not whole", path, strerror(errno));
}
