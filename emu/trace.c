// SPDX-License-Identifier: MIT
/* trace.c - see trace.h */

#include "emu/trace.h"

#include "core/shadow.h"
#include "emu/backing.h"
#include "emu/probes.h"
#include "emu/ticks.h"
#include "emu/trace_file.h"

/* Return: memory for an event of @most bytes, of which only the size is filled in; or NULL. */
static void *reserve(u32 most)
{
	struct emu_ring *ring = emu_trace_ring();
	struct emu_trace_event *event = ring ? emu_ring_reserve(ring, most) : NULL;

	if (exmap_likely(event != NULL))
		event->size = most;
	return event;
}

static void commit(struct emu_trace_event *event)
{
	if (emu_ring_commit(emu_trace_same_ring(), event->size))
		emu_trace_wake();
}

/* Reserves an event that takes no time. */
static void *reserve_point(u32 kind, u64 exmap, u32 size)
{
	struct emu_trace_event *event = reserve(size);

	if (!event)
		return NULL;
	*event = (struct emu_trace_event){ .kind = kind, .size = size, .exmap = exmap };
	event->start = event->end = emu_ticks();
	return event;
}

static u64 steals(const struct exmap_call *call)
{
	return exmap_load(&call->ifc->pool->lists[call->ifc->id].steals);
}

/* Begins the event of a call. Return: NULL if there is no trace, or no room. */
static struct emu_trace_call *begin_call(u32 kind, const struct exmap_call *call, u64 exmap, u32 nr,
					 u32 most_words)
{
	struct emu_trace_call *event = reserve(sizeof(*event) + most_words * sizeof(u64));

	if (exmap_unlikely(!event))
		return NULL;
	event->event.kind = kind;
	event->event.flags = 0;
	event->event.exmap = exmap;
	event->event.interface = call->ifc->id;
	event->event.opcode = call->opcode;
	event->nr = nr;
	return event;
}

/* What a call's interface had counted before the call. */
struct before {
	u64 allocated;
	u64 freed;
	u64 steals;
};

static struct before count(const struct exmap_call *call)
{
	const struct exmap_counts *counts = &call->ifc->counts;

	return (struct before){ counts->allocated, counts->freed, steals(call) };
}

/* Return: pages that the call has mapped or unmapped. */
static u64 pages_since(const struct exmap_call *call, const struct before *before)
{
	const struct exmap_counts *counts = &call->ifc->counts;

	return counts->allocated - before->allocated + counts->freed - before->freed;
}

static void end_call(struct emu_trace_call *event, const struct exmap_call *call,
		     const struct before *before, u32 words, s64 result)
{
	event->steals = steals(call) - before->steals;
	event->pages = pages_since(call, before);
	event->event.result = result;
	event->event.size = sizeof(*event) + words * sizeof(u64);
	commit(&event->event);
}

static void probe_action(const struct exmap_call *call, u64 exmap, u32 iov_len,
			 const struct before *before, int failed)
{
	u64 pages = pages_since(call, before);
	u32 id = call->ifc->id;

	if (call->opcode == EXMAP_OP_ALLOC)
		emu_probe_alloc(exmap, id, iov_len, pages, failed);
	else
		emu_probe_free(exmap, id, iov_len, pages, failed);
}

static void probe_steals(const struct exmap_call *call, u64 exmap, const struct before *before)
{
	u64 stolen = steals(call) - before->steals;

	if (stolen)
		emu_probe_steal(exmap, call->ifc->id, stolen);
}

/* Whether each vector has got all pages that it asked for: then its result is not worth bytes. */
static bool as_asked(const u64 *asked, const struct exmap_iov *result, u32 n)
{
	u64 differ = 0;

	for (u32 i = 0; i < n; i++)
		differ |= result[i].value ^ asked[i] >> (64 - EXMAP_PAGE_LEN_BITS) << 32;
	return !differ;
}

/* Adds the results of a call that did not fail as a whole. Return: number of words of the event. */
static u32 add_results(struct emu_trace_call *event, const struct exmap_iov *result, u32 n)
{
	if (as_asked(event->word, result, n))
		return n;
	event->event.flags = EMU_TRACE_RESULTS;
	for (u32 i = 0; i < n; i++)
		event->word[n + i] = result[i].value;
	return 2 * n;
}

int emu_trace_shadows(struct exmap_call *call, u64 exmap, struct exmap_iov *iov, u32 iov_len,
		      u64 page_id)
{
	const struct exmap_interface *ifc = call->ifc;
	u64 pages = exmap_unlikely(emu_probed_shadows()) ? exmap_shadow_targets(ifc) : 0;
	int ret = exmap_vectors(call, iov, iov_len, page_id);

	if (exmap_likely(!emu_probed_shadows()))
		return ret;
	if (call->opcode == EXMAP_OP_SHADOW)
		emu_probe_shadow(exmap, ifc->id, iov_len, exmap_shadow_asked(ifc, iov_len), page_id,
				 ret);
	else
		emu_probe_rm_sd(exmap, ifc->id, pages, ret);
	return ret;
}

int emu_trace_vectors(struct exmap_call *call, u64 exmap, struct exmap_iov *iov, u32 iov_len,
		      u64 page_id)
{
	/* RM_SD does not look at vectors. SHADOW leaves them alone, and so has no results. */
	u32 asked = call->opcode == EXMAP_OP_RM_SD ? 0 : iov_len;
	bool results = call->opcode <= EXMAP_OP_FREE;
	struct emu_trace_call *event = begin_call(EMU_TRACE_ACTION, call, exmap, asked, 2 * asked);
	struct before before = count(call);
	u32 words = asked;
	int ret;

	if (exmap_likely(event != NULL)) {
		event->target = page_id;
		for (u32 i = 0; i < asked; i++)
			event->word[i] = exmap_load(&iov[i].value);
		event->event.start = emu_ticks();
	}
	ret = results ? exmap_action(call, iov, iov_len) :
			emu_trace_shadows(call, exmap, iov, iov_len, page_id);
	if (exmap_likely(event != NULL)) {
		event->event.end = emu_ticks();
		if (results && ret >= 0)
			words = add_results(event, call->ifc->result, asked);
	}
	if (emu_probed()) {
		if (results)
			probe_action(call, exmap, iov_len, &before, ret);
		probe_steals(call, exmap, &before);
	}
	if (event)
		end_call(event, call, &before, words, ret);
	return ret;
}

static void add_ranges(struct emu_trace_call *event, const struct exmap_call *call,
		       const struct iovec *ranges, u32 n)
{
	event->target = 0;
	for (u32 i = 0; i < n; i++) {
		event->word[2 * i] = (uintptr_t)ranges[i].iov_base - call->s->base;
		event->word[2 * i + 1] = ranges[i].iov_len;
	}
	event->event.start = emu_ticks();
}

s64 emu_trace_ranges(u32 kind, struct exmap_call *call, u64 exmap, const struct iovec *ranges,
		     u32 n)
{
	struct emu_trace_call *event = begin_call(kind, call, exmap, n, 2 * n);
	struct before before = count(call);
	bool reads = kind == EMU_TRACE_READ;
	s64 ret;

	if (event)
		add_ranges(event, call, ranges, n);
	ret = reads ? exmap_read(call, ranges, n) : exmap_bytes(call, ranges);
	if (event)
		event->event.end = emu_ticks();
	if (emu_probed()) {
		if (reads)
			emu_probe_read(exmap, call->ifc->id, call->opcode, n, ret);
		else
			probe_action(call, exmap, 1, &before, ret < 0);
		probe_steals(call, exmap, &before);
	}
	if (event)
		end_call(event, call, &before, 2 * n, ret);
	return ret;
}

void emu_trace_refused(u32 kind, u64 exmap, u32 interface, u32 opcode, u32 nr, s64 result)
{
	struct emu_trace_call *event = reserve_point(kind, exmap, sizeof(*event));

	if (!event)
		return;
	event->event.flags = EMU_TRACE_REFUSED;
	event->event.interface = interface;
	event->event.opcode = opcode;
	event->event.result = result;
	event->nr = nr;
	event->steals = 0;
	event->target = event->pages = 0;
	commit(&event->event);
}

void emu_trace_open(u64 exmap, const struct exmap *x, int flags)
{
	struct emu_trace_event *event = reserve_point(EMU_TRACE_OPEN, exmap, sizeof(*event));

	if (!event)
		return;
	event->result = flags;
	event->flags = x->leanstore ? EMU_TRACE_DIALECT : 0;
	commit(event);
}

void emu_trace_close(u64 exmap)
{
	struct emu_trace_event *event = reserve_point(EMU_TRACE_CLOSE, exmap, sizeof(*event));

	if (event)
		commit(event);
}

void emu_trace_clone(u64 was, u64 exmap)
{
	struct emu_trace_clone *event = reserve_point(EMU_TRACE_CLONE, exmap, sizeof(*event));

	if (!event)
		return;
	event->was = was;
	commit(&event->event);
}

void emu_trace_setup(u64 exmap, const struct exmap_ioctl_setup *setup, int backing_fd, s64 result)
{
	struct emu_trace_setup *event = reserve_point(EMU_TRACE_SETUP, exmap, sizeof(*event));

	if (!event)
		return;
	event->event.result = result;
	event->interfaces = setup->max_interfaces;
	event->frames = setup->buffer_size;
	event->flags = setup->flags;
	event->backing = emu_backing_size(backing_fd);
	commit(&event->event);
}

void emu_trace_map(u32 kind, const struct emu_trace_mapping *mapping, s64 result)
{
	struct emu_trace_map *event = reserve_point(kind, mapping->exmap, sizeof(*event));

	if (!event)
		return;
	event->event.result = result;
	event->event.flags = mapping->x && mapping->x->leanstore ? EMU_TRACE_DIALECT : 0;
	event->offset = mapping->offset;
	event->addr = (uintptr_t)mapping->addr;
	event->len = mapping->len;
	event->prot = mapping->prot;
	event->flags = mapping->flags;
	event->interfaces = mapping->x ? exmap_nr_interfaces(mapping->x) : 0;
	event->frames = event->interfaces ? mapping->x->buffer_size : 0;
	event->backing = emu_backing_size(mapping->backing_fd);
	commit(&event->event);
}

void emu_trace_fault(u64 exmap, u64 offset, u64 error)
{
	struct emu_trace_fault *event = reserve_point(EMU_TRACE_FAULT, exmap, sizeof(*event));

	if (!event)
		return;
	event->offset = offset;
	event->error = error;
	commit(&event->event);
}
