// SPDX-License-Identifier: MIT
/*
 * history.c - see history.h
 *
 * Each interface has a ring of records and a ring of spans. A record names its spans by their
 * place in the endless sequence of spans; they are gone once the ring has come round.
 */

#include "emu/history.h"

#include "emu/fence.h"
#include "emu/options.h"
#include "emu/sys.h"

/* Spans of a ring: for each record some, and at least the vectors of several large actions. */
#define SPANS_PER_RECORD 16
#define MIN_SPANS 4096

struct span {
	u64 page;
	u64 len;
};

/**
 * struct record - one action
 * @number: number of the action, from 1 on; 0 while the record is written. Atomic
 * @order:  place among all actions of the exmap
 * @first:  number of the first span
 * @nr:     number of spans
 * @opcode: the opcode
 * @thread: the thread's id
 * @done:   whether the action has ended; atomic
 * @stack:  the caller's stack
 *
 * Written under the interface's lock. Readers have no lock: they look at @number before and after.
 */
struct record {
	u64 number;
	u64 order;
	u64 first;
	u32 nr;
	u32 opcode;
	int thread;
	bool done;
	struct emu_stack stack;
};

/**
 * struct lane - what one interface did
 * @nr_actions: number of actions so far, which is the number of the latest; atomic
 * @nr_spans:   number of spans so far; atomic
 * @records:    ring of records
 * @spans:      ring of spans
 *
 * Written under the interface's lock.
 */
struct lane {
	u64 nr_actions;
	u64 nr_spans;
	struct record *records;
	struct span *spans;
} exmap_cacheline_aligned;

/**
 * struct emu_history - what all interfaces of an exmap did
 * @size:       bytes of this structure and all that is behind it
 * @nr_records: records of a ring
 * @max_spans:  spans of a ring
 * @nr_lanes:   number of interfaces
 * @order:      number of actions so far; atomic
 * @forgotten:  number of actions that were made on a surface that is gone; atomic
 * @lane:       one for each interface
 */
struct emu_history {
	size_t size;
	u64 nr_records;
	u64 max_spans;
	u32 nr_lanes;
	u64 order;
	u64 forgotten;
	struct lane lane[];
};

/* Orders what is read or written without a lock. ThreadSanitizer knows no fences. */
static inline void fence(void)
{
#ifndef __SANITIZE_THREAD__
	__atomic_thread_fence(__ATOMIC_ACQ_REL);
#endif
}

struct emu_history *emu_history_new(u32 n)
{
	u64 records = emu_options()->history;
	u64 spans = EXMAP_MAX(records * SPANS_PER_RECORD, (u64)MIN_SPANS);
	size_t head = sizeof(struct emu_history) + n * sizeof(struct lane);
	size_t lane = records * sizeof(struct record) + spans * sizeof(struct span);
	struct emu_history *h = emu_fenced_alloc(head + n * lane);
	char *at = (char *)h + head;

	if (!h)
		return NULL;
	h->size = head + n * lane;
	h->nr_records = records;
	h->max_spans = spans;
	h->nr_lanes = n;
	for (u32 i = 0; i < n; i++, at += lane) {
		h->lane[i].records = (struct record *)at;
		h->lane[i].spans = (struct span *)(at + records * sizeof(struct record));
	}
	return h;
}

void emu_history_free(struct emu_history *h)
{
	if (h)
		emu_fenced_free(h, h->size);
}

static struct record *record_of(const struct emu_history *h, const struct lane *lane, u64 number)
{
	return &lane->records[number % h->nr_records];
}

static struct record *begin(struct emu_history *h, const struct exmap_call *call)
{
	struct lane *lane = &h->lane[call->ifc->id];
	struct record *r = record_of(h, lane, lane->nr_actions + 1);

	exmap_store(&r->number, 0);
	fence();
	r->order = __atomic_add_fetch(&h->order, 1, __ATOMIC_RELAXED);
	r->first = lane->nr_spans;
	r->nr = 0;
	r->opcode = call->opcode;
	r->thread = emu_sys(SYS_gettid);
	exmap_store(&r->done, false);
	r->stack.nr = 0;
	if (emu_options()->history_stacks)
		emu_backtrace(&r->stack);
	return r;
}

static void add(struct emu_history *h, const struct exmap_call *call, struct record *r, u64 page,
		u64 len)
{
	struct lane *lane = &h->lane[call->ifc->id];

	lane->spans[lane->nr_spans % h->max_spans] = (struct span){ page, len };
	exmap_store_release(&lane->nr_spans, lane->nr_spans + 1);
	r->nr++;
}

static void begun(struct emu_history *h, const struct exmap_call *call, struct record *r)
{
	struct lane *lane = &h->lane[call->ifc->id];

	exmap_store(&lane->nr_actions, lane->nr_actions + 1);
	exmap_store_release(&r->number, lane->nr_actions);
}

void emu_history_vectors(struct emu_history *h, const struct exmap_call *call,
			 const struct exmap_iov *iov, u32 n)
{
	struct record *r = begin(h, call);

	for (u32 i = 0; i < n; i++) {
		struct exmap_iov asked = { .value = exmap_load(&iov[i].value) };

		add(h, call, r, asked.page, asked.len);
	}
	begun(h, call, r);
}

void emu_history_ranges(struct emu_history *h, const struct exmap_call *call,
			const struct iovec *ranges, u32 n)
{
	struct record *r = begin(h, call);

	for (u32 i = 0; i < n; i++)
		add(h, call, r,
		    ((u64)(uintptr_t)ranges[i].iov_base - call->s->base) >> EXMAP_PAGE_SHIFT,
		    ranges[i].iov_len >> EXMAP_PAGE_SHIFT);
	begun(h, call, r);
}

static struct record *latest(const struct emu_history *h, const struct exmap_call *call)
{
	const struct lane *lane = &h->lane[call->ifc->id];

	return record_of(h, lane, lane->nr_actions);
}

static struct span *span_of(const struct emu_history *h, const struct exmap_call *call, u32 i)
{
	const struct lane *lane = &h->lane[call->ifc->id];

	return &lane->spans[(latest(h, call)->first + i) % h->max_spans];
}

/* Number of pages of a span, from the first on, that are allocated. */
static u64 count_present(const struct exmap_call *call, const struct span *span)
{
	u64 n = 0;

	while (n < span->len && exmap_page_present(call->s, span->page + n))
		n++;
	return n;
}

/* Number of pages of a vector's span that the action has mapped or unmapped. */
static u64 count_done(const struct exmap_call *call, const struct span *span,
		      struct exmap_iov result, s64 ret)
{
	/* In the LeanStore dialect not every vector has a result then [8.11]. */
	if (ret == -ENOMEM || (ret >= 0 && result.res == -ENOMEM && result.pages))
		return count_present(call, span);
	return ret < 0 || result.res < 0 || !result.pages ? 0 : span->len;
}

void emu_history_vectors_end(struct emu_history *h, const struct exmap_call *call, s64 ret)
{
	struct record *r = latest(h, call);

	for (u32 i = 0; call->opcode <= EXMAP_OP_FREE && i < r->nr; i++) {
		struct span *span = span_of(h, call, i);

		exmap_store(&span->len, count_done(call, span, call->ifc->result[i], ret));
	}
	exmap_store_release(&r->done, true);
}

void emu_history_ranges_end(struct emu_history *h, const struct exmap_call *call, bool in_order,
			    s64 ret)
{
	u64 left = ret < 0 ? 0 : (ret + EXMAP_PAGE_SIZE - 1) >> EXMAP_PAGE_SHIFT;
	struct record *r = latest(h, call);

	for (u32 i = 0; i < r->nr; i++) {
		struct span *span = span_of(h, call, i);
		u64 done = left ? span->len : 0;

		if (in_order)
			done = EXMAP_MIN(span->len, left);
		else if (ret == -ENOMEM)
			done = count_present(call, span);
		exmap_store(&span->len, done);
		left -= EXMAP_MIN(left, done);
	}
	exmap_store_release(&r->done, true);
}

/* Whether an action named a page. Spans that were overwritten meanwhile name none. */
static bool names(const struct emu_history *h, const struct lane *lane, const struct record *r,
		  u64 page)
{
	for (u64 i = r->first; i < r->first + r->nr; i++) {
		const struct span *at = &lane->spans[i % h->max_spans];
		struct span span = { at->page, exmap_load(&at->len) };

		fence();
		if (page - span.page < span.len &&
		    exmap_load_acquire(&lane->nr_spans) < i + h->max_spans)
			return true;
	}
	return false;
}

static struct emu_history_event event_of(const struct record *r, u32 id, u64 ago)
{
	return (struct emu_history_event){
		.interface = id,
		.opcode = r->opcode,
		.thread = r->thread,
		.done = exmap_load_acquire(&r->done),
		.ago = ago,
		.order = r->order,
		.stack = r->stack,
	};
}

/* Whether a record was not overwritten since it was found as number @number. */
static bool still(const struct record *r, u64 number)
{
	fence();
	return exmap_load(&r->number) == number;
}

void emu_history_forget(struct emu_history *h)
{
	exmap_store(&h->forgotten, exmap_load(&h->order));
}

bool emu_history_find(const struct emu_history *h, u64 page, u32 opcodes, bool done,
		      struct emu_history_event *event)
{
	u64 forgotten = exmap_load(&h->forgotten);

	event->order = forgotten;
	for (u32 id = 0; id < h->nr_lanes; id++) {
		const struct lane *lane = &h->lane[id];
		u64 actions = exmap_load_acquire(&lane->nr_actions);

		for (u64 ago = 0; ago < EXMAP_MIN(actions, h->nr_records); ago++) {
			const struct record *r = record_of(h, lane, actions - ago);
			struct emu_history_event found = event_of(r, id, ago);

			if (!(opcodes & 1u << found.opcode) || found.done != done ||
			    found.order <= event->order || !names(h, lane, r, page))
				continue;
			if (still(r, actions - ago)) {
				*event = found;
				break;
			}
		}
	}
	return event->order > forgotten;
}

/* The first page of an action's spans that is allocated. Return: whether there is one. */
static bool first_present(const struct emu_history *h, const struct lane *lane,
			  const struct record *r, const struct exmap_surface *s, u64 *page)
{
	for (u64 i = r->first; i < r->first + r->nr; i++) {
		struct span span = lane->spans[i % h->max_spans];

		for (*page = span.page; *page < EXMAP_MIN(span.page + span.len, s->nr_pages);
		     ++*page) {
			if (exmap_page_present(s, *page))
				return true;
		}
	}
	return false;
}

bool emu_history_oldest(const struct emu_history *h, const struct exmap_surface *s, u64 *page,
			struct emu_history_event *event)
{
	event->order = 0;
	for (u32 id = 0; id < h->nr_lanes; id++) {
		const struct lane *lane = &h->lane[id];
		u64 actions = exmap_load_acquire(&lane->nr_actions);

		/* From the oldest action on, up to the first that has such a page. */
		for (u64 ago = EXMAP_MIN(actions, h->nr_records); ago-- > 0;) {
			const struct record *r = record_of(h, lane, actions - ago);
			struct emu_history_event found = event_of(r, id, ago);
			u64 first;

			if (event->order && found.order >= event->order)
				break;
			if (found.opcode >= EXMAP_OP_FREE || !found.done ||
			    found.order <= exmap_load(&h->forgotten) ||
			    !first_present(h, lane, r, s, &first) || !still(r, actions - ago))
				continue;
			*page = first;
			*event = found;
			break;
		}
	}
	return event->order;
}
