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
	op->done += call->pages;
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

/* Return: the pages of vector or range @i that a call used, if there were any before it: *@left. */
static struct pages used_pages(const struct emu_trace_call *call, uint32_t i, uint64_t *left)
{
	struct pages pages = call_pages(call, i);

	if (has_results(call)) {
		struct exmap_iov result = { .value = call_result(call, i) };

		pages.len = result.res ? 0 : pages.len;
	} else if (pages.len > *left) {
		pages.len = *left;
	}
	*left -= has_results(call) ? 0 : pages.len;
	return pages;
}

/* Whether a call uses pages: an ALLOC or READ that was performed. */
static bool uses_pages(const struct emu_trace_event *event)
{
	return is_call(event) && event->opcode <= EXMAP_OP_ALLOC && event->result >= 0 &&
	       has_words(call_of(event));
}

/* Calls @tell with the pages that each ALLOC and READ has used, whether they were mapped or not. */
static void for_each_use(const struct trace *trace, void *context,
			 void (*tell)(void *context, uint32_t exmap, struct pages pages))
{
	for (size_t i = 0; i < trace->nr; i++) {
		const struct emu_trace_event *event = trace->events[i].in;
		const struct emu_trace_call *call = call_of(event);
		uint64_t left;

		if (!uses_pages(event))
			continue;
		/* Of a read, the ranges up to the byte at which it ended. */
		left = (event->result + 4095) / 4096;
		for (uint32_t v = 0; v < call->nr; v++)
			tell(context, event->exmap, used_pages(call, v, &left));
	}
}

static void count_pages(void *context, uint32_t exmap, struct pages pages)
{
	size_t *sum = context;

	(void)exmap;
	*sum += pages.len;
}

struct reusing {
	struct stats *stats;
	struct reuse *reuse;
};

static void count_use(void *context, uint32_t exmap, struct pages pages)
{
	struct reusing *r = context;

	for (uint64_t i = 0; i < pages.len; i++) {
		uint64_t page = pages.first + i;
		uint64_t distance = reuse_add(r->reuse, (uint64_t)exmap << 52 ^ page);

		if (distance == REUSE_FIRST)
			r->stats->first++;
		else
			add(&r->stats->reuse, distance);
	}
}

static void count_reuse(const struct trace *trace, struct stats *stats)
{
	struct reusing r = { .stats = stats };
	size_t uses = 0;

	for_each_use(trace, &uses, count_pages);
	r.reuse = reuse_new(uses);
	for_each_use(trace, &r, count_use);
	reuse_free(r.reuse);
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
