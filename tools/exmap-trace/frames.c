// SPDX-License-Identifier: MIT
/* frames.c - see frames.h */

#include "frames.h"

#include <stdlib.h>

/* Frames in use of one exmap. */
struct use {
	uint32_t exmap;
	uint64_t used;
};

struct uses {
	struct use *list;
	size_t nr;
};

static int by_end(const void *a, const void *b)
{
	const struct event *x = *(const struct event *const *)a;
	const struct event *y = *(const struct event *const *)b;

	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	return (x > y) - (x < y);
}

static struct use *use_of(struct uses *uses, uint32_t exmap)
{
	for (size_t i = 0; i < uses->nr; i++) {
		if (uses->list[i].exmap == exmap)
			return &uses->list[i];
	}
	uses->list = need(reallocarray(uses->list, uses->nr + 1, sizeof(*uses->list)));
	uses->list[uses->nr] = (struct use){ .exmap = exmap };
	return &uses->list[uses->nr++];
}

static uint64_t used_after(uint64_t used, const struct emu_trace_event *event)
{
	const struct emu_trace_map *map = (const void *)event;
	uint64_t done;

	if (event->kind == EMU_TRACE_MUNMAP && map->offset == EXMAP_OFF_EXMAP)
		return 0;
	if (!is_call(event))
		return used;
	done = call_of(event)->pages;
	if (!frees(event))
		return used + done;
	return done < used ? used - done : 0;
}

void follow_frames(const struct trace *trace, void *context,
		   void (*tell)(void *context, const struct event *event, uint64_t before,
				uint64_t after))
{
	const struct event **sorted = need(calloc(trace->nr + 1, sizeof(*sorted)));
	struct uses uses = { 0 };

	for (size_t i = 0; i < trace->nr; i++)
		sorted[i] = &trace->events[i];
	qsort(sorted, trace->nr, sizeof(*sorted), by_end);
	for (size_t i = 0; i < trace->nr; i++) {
		struct use *use = use_of(&uses, sorted[i]->in->exmap);
		uint64_t before = use->used;

		use->used = used_after(before, sorted[i]->in);
		if (use->used != before)
			tell(context, sorted[i], before, use->used);
	}
	free(uses.list);
	free(sorted);
}
