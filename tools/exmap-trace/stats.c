// SPDX-License-Identifier: MIT
/* stats.c - counts; see stats.h */

#include "stats.h"

#include <stdlib.h>

#include "frames.h"
#include "reuse.h"

static void add(struct histogram *h, uint64_t value)
{
	unsigned int bucket = value ? 64 - __builtin_clzll(value) : 0;

	h->count[bucket < NR_BUCKETS ? bucket : NR_BUCKETS - 1]++;
	h->number++;
	h->sum += value;
	if (value > h->most)
		h->most = value;
}

static struct opcode_stats *opcode_of(struct stats *stats, const struct emu_trace_event *event)
{
	return &stats->opcodes[event->opcode < NR_OPCODES ? event->opcode : NR_OPCODES - 1];
}

static void count_failed(struct opcode_stats *op, const struct emu_trace_call *call)
{
	if (has_results(call) && call->event.result > 0)
		op->failed += call->event.result;
	if (call->event.result < 0)
		op->failed++;
}

static void count_call(struct stats *stats, const struct event *event)
{
	const struct emu_trace_call *call = call_of(event->in);
	struct opcode_stats *op = opcode_of(stats, event->in);

	if (!has_words(call)) {
		op->refused++;
		return;
	}
	op->calls++;
	op->ns += event->end - event->start;
	op->steals += call->steals;
	op->done += call_done(call);
	count_failed(op, call);
	add(&op->batch, call->nr);
	for (uint32_t i = 0; i < call->nr; i++) {
		uint64_t len = call_pages(call, i).len;

		op->asked += len;
		add(&op->len, len);
	}
}

/* The frames in use of all exmaps, while they are counted. */
struct counting {
	struct stats *stats;
	uint64_t begin;
	size_t moment;
	uint64_t used;
};

static void count_used(void *context, const struct event *event, uint64_t before, uint64_t now)
{
	struct counting *c = context;
	struct stats *stats = c->stats;
	double part = stats->ns ? (double)(event->end - c->begin) / stats->ns : 0;

	/* Nothing has changed in the parts of the time in between. */
	while (c->moment < (size_t)(part * (NR_MOMENTS - 1)))
		stats->moments[++c->moment] = c->used;
	c->used += now - before;
	if (c->used > stats->moments[c->moment])
		stats->moments[c->moment] = c->used;
	if (c->used > stats->most)
		stats->most = c->used;
}

static void count_frames(const struct trace *trace, struct stats *stats)
{
	struct counting c = { .stats = stats, .begin = trace->nr ? trace->events[0].start : 0 };

	follow_frames(trace, &c, count_used);
	while (c.moment < NR_MOMENTS - 1)
		stats->moments[++c.moment] = c.used;
}

static void measure_time(const struct trace *trace, struct stats *stats)
{
	for (size_t i = 0; i < trace->nr; i++) {
		uint64_t ns = trace->events[i].end - trace->events[0].start;

		if (ns > stats->ns)
			stats->ns = ns;
	}
}

/* Pages that all calls together may map: as many uses reuse.c has to remember. */
static size_t most_uses(const struct trace *trace)
{
	size_t n = 0;

	for (size_t i = 0; i < trace->nr; i++) {
		if (is_call(trace->events[i].in) && !frees(trace->events[i].in))
			n += call_done(call_of(trace->events[i].in));
	}
	return n;
}

/*
 * Counts the first @left pages of a vector as mapped. Which of its pages a vector has mapped, if not
 * all, the trace does not say.
 */
static void count_uses(struct stats *stats, struct reuse *reuse, uint32_t exmap, struct pages pages,
		       uint64_t left)
{
	for (uint64_t i = 0; i < pages.len && i < left; i++) {
		uint64_t distance = reuse_add(reuse, (uint64_t)exmap << 52 ^ (pages.first + i));

		if (distance == REUSE_FIRST)
			stats->first++;
		else
			add(&stats->reuse, distance);
	}
}

static void count_reuse(const struct trace *trace, struct stats *stats)
{
	struct reuse *reuse = reuse_new(most_uses(trace));

	for (size_t i = 0; i < trace->nr; i++) {
		const struct emu_trace_event *event = trace->events[i].in;
		const struct emu_trace_call *call = call_of(event);
		uint64_t left;

		if (!is_call(event) || frees(event) || !call_done(call))
			continue;
		left = call_done(call);
		for (uint32_t v = 0; v < call->nr; v++) {
			struct pages pages = call_pages(call, v);
			struct exmap_iov result = { .value = 0 };

			if (event->kind == EMU_TRACE_ACTION) {
				result.value = call_result(call, v);
				left = result.pages;
			}
			count_uses(stats, reuse, event->exmap, pages, left);
			left -= pages.len < left ? pages.len : left;
		}
	}
	reuse_free(reuse);
}

void stats_of(const struct trace *trace, struct stats *stats)
{
	*stats = (struct stats){ 0 };
	for (size_t i = 0; i < trace->nr; i++) {
		const struct event *event = &trace->events[i];

		if (is_call(event->in))
			count_call(stats, event);
		else if (event->in->kind == EMU_TRACE_FAULT)
			stats->faults++;
		else if (event->in->kind == EMU_TRACE_SETUP && !event->in->result)
			stats->frames += ((const struct emu_trace_setup *)event->in)->frames;
	}
	measure_time(trace, stats);
	count_frames(trace, stats);
	count_reuse(trace, stats);
}
