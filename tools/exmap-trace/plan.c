// SPDX-License-Identifier: MIT
/* plan.c - see plan.h */

#include "plan.h"

#include <stdlib.h>

/* A step whose time is not over where the sweep over all events has come to. */
struct active {
	struct step *step;
	uint32_t lane;
	uint32_t index;
};

/* What the sweep knows of an exmap: its frames, and how many are in use by calls that are over. */
struct pool {
	uint32_t exmap;
	uint64_t frames;
	uint64_t used;
};

struct sweep {
	struct plan *plan;
	struct active *active;
	uint32_t nr_active;
	uint32_t room;
	struct pool *pools;
	uint32_t nr_pools;
};

static bool is_step(const struct event *event)
{
	return event->in->kind != EMU_TRACE_FAULT;
}

static void add_wait(struct plan *plan, struct step *step, uint32_t thread, uint32_t steps)
{
	if (!(plan->nr_waits & (plan->nr_waits - 1)))
		plan->waits =
			need(reallocarray(plan->waits, 2 * plan->nr_waits, sizeof(*plan->waits)));
	plan->waits[plan->nr_waits] = (struct wait){ thread, steps, step->waits };
	step->waits = plan->nr_waits++;
}

/* Distributes the events to lanes. */
static void fill_lanes(const struct trace *trace, struct plan *plan)
{
	plan->nr_lanes = trace->nr_threads;
	plan->lanes = need(calloc(plan->nr_lanes + 1, sizeof(*plan->lanes)));
	for (uint32_t i = 0; i < plan->nr_lanes; i++)
		plan->lanes[i].steps = need(calloc(trace->threads[i].nr + 1, sizeof(struct step)));
	for (size_t i = 0; i < trace->nr; i++) {
		struct lane *lane = &plan->lanes[trace->events[i].thread];

		if (is_step(&trace->events[i]))
			lane->steps[lane->nr++].event = &trace->events[i];
	}
}

/*
 * Rule 1, for the steps of @waiting and those of @other that ended before.
 * @unordered: not for two calls; but no call comes before the SETUP or mmap() that it needs, and none after
 *             the munmap() or close() that it came before
 */
static void order_lanes(struct plan *plan, uint32_t waiting, uint32_t other, bool unordered)
{
	struct lane *lane = &plan->lanes[waiting];
	const struct lane *before = &plan->lanes[other];
	uint32_t done = 0, no_call = 0, known = 0;

	for (uint32_t i = 0; i < lane->nr; i++) {
		const struct emu_trace_event *event = lane->steps[i].event->in;
		uint32_t want;

		while (done < before->nr && before->steps[done].event->in->end < event->start) {
			if (!is_call(before->steps[done++].event->in))
				no_call = done;
		}
		want = unordered && is_call(event) ? no_call : done;
		if (want > known) {
			add_wait(plan, &lane->steps[i], other, want);
			known = want;
		}
	}
}

static struct pool *pool_of(struct sweep *sweep, uint32_t exmap)
{
	for (uint32_t i = 0; i < sweep->nr_pools; i++) {
		if (sweep->pools[i].exmap == exmap)
			return &sweep->pools[i];
	}
	sweep->pools = need(reallocarray(sweep->pools, sweep->nr_pools + 1, sizeof(struct pool)));
	sweep->pools[sweep->nr_pools] = (struct pool){ .exmap = exmap, .frames = UINT64_MAX };
	return &sweep->pools[sweep->nr_pools++];
}

/* The effect of a step, now that its time is over. */
static void settle(struct sweep *sweep, const struct emu_trace_event *event)
{
	struct pool *pool = pool_of(sweep, event->exmap);
	const struct emu_trace_map *map = (const void *)event;

	if (is_call(event)) {
		uint64_t done = call_of(event)->pages;

		if (!frees(event))
			pool->used += done;
		else
			pool->used -= done < pool->used ? done : pool->used;
	} else if (event->kind == EMU_TRACE_SETUP && !event->result) {
		pool->frames = ((const struct emu_trace_setup *)event)->frames;
	} else if (event->kind == EMU_TRACE_MMAP && map->interfaces) {
		pool->frames = map->frames;
	} else if (event->kind == EMU_TRACE_MUNMAP && map->offset == EXMAP_OFF_EXMAP) {
		pool->used = 0;
	}
}

static void settle_before(struct sweep *sweep, uint64_t start)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < sweep->nr_active; i++) {
		const struct emu_trace_event *event = sweep->active[i].step->event->in;

		if (event->end < start)
			settle(sweep, event);
		else
			sweep->active[kept++] = sweep->active[i];
	}
	sweep->nr_active = kept;
}

static int by_first(const void *a, const void *b)
{
	const struct pages *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Return: the pages that a call names, SHADOW's targets too, by their numbers; *@nr: how many ranges. */
static struct pages *sorted_pages(const struct emu_trace_call *call, uint32_t *nr)
{
	struct pages *pages = need(calloc(call->nr + 1, sizeof(*pages)));
	uint64_t sum = 0;

	*nr = 0;
	for (uint32_t i = 0; i < call->nr; i++) {
		pages[*nr] = call_pages(call, i);
		sum += pages[*nr].len;
		*nr += pages[*nr].len > 0;
	}
	if (call->event.opcode == EXMAP_OP_SHADOW && sum)
		pages[(*nr)++] = (struct pages){ call->target, sum };
	qsort(pages, *nr, sizeof(*pages), by_first);
	return pages;
}

static bool share_pages(const struct emu_trace_call *a, const struct emu_trace_call *b)
{
	uint32_t i = 0, j = 0, nr_x, nr_y;
	struct pages *x = sorted_pages(a, &nr_x), *y = sorted_pages(b, &nr_y);
	bool found = false;

	while (!found && i < nr_x && j < nr_y) {
		if (x[i].first + x[i].len <= y[j].first)
			i++;
		else if (y[j].first + y[j].len <= x[i].first)
			j++;
		else
			found = true;
	}
	free(x);
	free(y);
	return found;
}

/* The moment at which a call counts as done: see rule 2. */
static uint64_t moment_of(const struct active *a)
{
	const struct emu_trace_event *event = a->step->event->in;

	return frees(event) ? event->start : event->end;
}

/* Rule 2, for two calls of which one has to be done first. */
static void order_pair(struct sweep *sweep, const struct active *a, const struct active *b)
{
	uint64_t x = moment_of(a), y = moment_of(b);
	bool a_first = x < y || (x == y && a->lane < b->lane);
	const struct active *first = a_first ? a : b, *second = a_first ? b : a;

	add_wait(sweep->plan, second->step, first->lane, first->index + 1);
}

/* Whether the calls in progress may need more frames than there are before they give some back. */
static bool is_tight(struct sweep *sweep, uint32_t exmap)
{
	const struct pool *pool = pool_of(sweep, exmap);
	uint64_t used = pool->used;

	for (uint32_t i = 0; i < sweep->nr_active; i++) {
		const struct emu_trace_event *event = sweep->active[i].step->event->in;

		if (event->exmap == exmap && is_call(event) && !frees(event))
			used += call_of(event)->pages;
	}
	return used > pool->frames;
}

static bool is_performed(const struct step *step, uint32_t exmap)
{
	const struct emu_trace_event *event = step->event->in;

	return is_call(event) && event->exmap == exmap && has_words(call_of(event));
}

/* Orders the newest call in progress, and if frames are few all of them. */
static void order_overlapping(struct sweep *sweep)
{
	struct active *last = &sweep->active[sweep->nr_active - 1];
	uint32_t exmap = last->step->event->in->exmap;
	bool tight;

	if (!is_performed(last->step, exmap) || sweep->nr_active < 2)
		return;
	tight = is_tight(sweep, exmap);
	for (uint32_t i = 0; i < sweep->nr_active; i++) {
		struct active *a = &sweep->active[i];

		if (!is_performed(a->step, exmap))
			continue;
		for (uint32_t j = tight ? i + 1 : sweep->nr_active - 1; j < sweep->nr_active; j++) {
			struct active *b = &sweep->active[j];
			bool shared;

			if (b->lane == a->lane || !is_performed(b->step, exmap))
				continue;
			shared = share_pages(call_of(a->step->event->in),
					     call_of(b->step->event->in));
			a->step->overlap = b->step->overlap = true;
			a->step->raced |= shared;
			b->step->raced |= shared;
			if (shared ||
			    (tight && frees(a->step->event->in) != frees(b->step->event->in)))
				order_pair(sweep, a, b);
		}
	}
}

static void activate(struct sweep *sweep, struct active active)
{
	if (sweep->nr_active == sweep->room) {
		sweep->room = 2 * sweep->room + 16;
		sweep->active =
			need(reallocarray(sweep->active, sweep->room, sizeof(*sweep->active)));
	}
	sweep->active[sweep->nr_active++] = active;
}

/* Goes through all events by their starts, with those in progress at hand. */
static void order_races(const struct trace *trace, struct plan *plan)
{
	struct sweep sweep = { .plan = plan };
	uint32_t *next = need(calloc(plan->nr_lanes + 1, sizeof(*next)));

	for (size_t i = 0; i < trace->nr; i++) {
		uint32_t lane = trace->events[i].thread;

		if (!is_step(&trace->events[i]))
			continue;
		settle_before(&sweep, trace->events[i].in->start);
		activate(&sweep,
			 (struct active){ &plan->lanes[lane].steps[next[lane]], lane, next[lane] });
		next[lane]++;
		order_overlapping(&sweep);
	}
	free(next);
	free(sweep.active);
	free(sweep.pools);
}

struct plan *plan_of(const struct trace *trace, bool unordered)
{
	struct plan *plan = need(calloc(1, sizeof(*plan)));

	plan->nr_waits = 1;
	plan->waits = need(calloc(1, sizeof(*plan->waits)));
	fill_lanes(trace, plan);
	for (uint32_t i = 0; i < plan->nr_lanes; i++) {
		for (uint32_t j = 0; j < plan->nr_lanes; j++) {
			if (i != j)
				order_lanes(plan, i, j, unordered);
		}
	}
	if (!unordered)
		order_races(trace, plan);
	return plan;
}

void plan_free(struct plan *plan)
{
	for (uint32_t i = 0; i < plan->nr_lanes; i++)
		free(plan->lanes[i].steps);
	free(plan->lanes);
	free(plan->waits);
	free(plan);
}
