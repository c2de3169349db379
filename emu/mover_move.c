// SPDX-License-Identifier: MIT
/*
 * mover_move.c - FREE moves pages into slots by UFFDIO_MOVE, and ALLOC moves them back, where
 * that pays; otherwise pages are dropped and copied in as in mover_copy.c
 *
 * emu_slots_choose() decides for each piece, which is neighbouring pages with neighbouring
 * frames, see pieces.h. The pages that a FREE does not move are dropped in one vectored call.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "emu/memcheck.h"
#include "emu/mover_move_read.h"
#include "emu/options.h"
#include "emu/pieces.h"
#include "emu/frame_order.h"
#include "emu/say.h"
#include "emu/uffd.h"

/*
 * Maps the pages of a span: from their slots where these are resident, else by copying.
 * Return: the number of pages mapped.
 */
static u64 map_span(struct emu_surface *s, u32 id, const struct exmap_run *span)
{
	u64 end = span->page + span->len;
	u64 page = span->page;

	while (page < end) {
		u64 frame = emu_frame_of(s, page);
		u64 len = emu_empty_len(s, page, end);
		u64 done;

		if (len) {
			done = emu_copy_fresh(s, page, len);
			if (done < len)
				return page + done - span->page;
		} else {
			len = emu_piece_len(s, page, end, frame);
			done = emu_slots_take(s, id, page, frame, len);
			if (done < len) {
				/* The kernel refuses to move a page: drop it, copy a fresh one. */
				emu_drain_one(s, frame + done, len - done);
				if (emu_resident(s, frame + done))
					return page + done - span->page;
				len = done;
			}
		}
		page += len;
	}
	return span->len;
}

/* Whether all pages of a span are resident in neighbouring slots, so that one MOVE takes them. */
static bool is_one_piece(const struct emu_surface *s, const struct exmap_run *span)
{
	u64 frame = emu_frame_of(s, span->page);

	return emu_resident(s, frame) &&
	       emu_piece_len(s, span->page, span->page + span->len, frame) == span->len;
}

/* Moves a span that is one piece into the surface. Return: the number of pages mapped. */
static u64 take_piece(struct emu_surface *s, u32 id, const struct exmap_run *span)
{
	u64 done = emu_slots_take(s, id, span->page, emu_frame_of(s, span->page), span->len);
	struct exmap_run rest = { .page = span->page + done, .len = span->len - done };

	return rest.len ? done + map_span(s, id, &rest) : done;
}

static u64 move_map(struct exmap_surface *core, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	struct emu_surface *s = emu_surface_of(core);
	struct emu_drain drain;
	struct exmap_run span;
	u64 mapped = 0;
	u32 next = 0;
	u32 i = 0;
	u64 got;

	if (emu_slots_empty(s->slots))
		return emu_mover_copy.ops.map(core, id, runs, nr_runs);
	drain.n = 0;
	/* The usual case: each span is one piece that is moved. It looks at each page only once. */
	while (emu_next_span(runs, nr_runs, &next, &span) && is_one_piece(s, &span)) {
		if (!emu_slots_choose(s->slots, id, span.len, true)) {
			emu_drain_add(s, &drain, emu_frame_of(s, span.page), span.len);
			break;
		}
		got = take_piece(s, id, &span);
		mapped += got;
		if (got < span.len)
			return mapped;
		i = next;
	}
	if (i == nr_runs)
		return mapped;
	/*
	 * The span that ended the loop begins at run @i. If emu_slots_choose() has decided against
	 * it, it is in @drain already and must not be asked about again; else go back to it.
	 */
	if (!drain.n)
		next = i;
	while (emu_next_span(runs, nr_runs, &next, &span))
		emu_drain_span(s, id, &span, &drain);
	emu_drain_now(s, &drain);
	while (emu_next_span(runs, nr_runs, &i, &span)) {
		got = map_span(s, id, &span);
		mapped += got;
		if (got < span.len)
			break;
	}
	return mapped;
}

/* The runs of a FREE that are dropped, not moved; all with one call. */
struct rest {
	struct exmap_run run[EXMAP_USER_INTERFACE_PAGES];
	u32 n;
};

static void rest_add(struct emu_surface *s, struct rest *rest, u64 page, u64 len)
{
	if (rest->n && rest->run[rest->n - 1].page + rest->run[rest->n - 1].len == page) {
		rest->run[rest->n - 1].len += len;
		return;
	}
	if (rest->n == EXMAP_USER_INTERFACE_PAGES) {
		emu_zap_runs(&s->core, rest->run, rest->n);
		rest->n = 0;
	}
	rest->run[rest->n++] = (struct exmap_run){ .page = page, .len = len };
}

static void unmap_span(struct emu_surface *s, u32 id, const struct exmap_run *span,
		       struct rest *rest)
{
	u64 end = span->page + span->len;
	u64 len;

	/* If MOVE does not pay for a whole span, it does not pay for a shorter piece of it. */
	if (!emu_slots_choose(s->slots, id, span->len, false)) {
		rest_add(s, rest, span->page, span->len);
		return;
	}
	for (u64 page = span->page; page < end; page += len) {
		u64 frame = emu_frame_of(s, page);
		u64 kept = 0;

		len = emu_piece_len(s, page, end, frame);
		/* If the piece is the whole span, the question above was about it. */
		if (len == span->len || emu_slots_choose(s->slots, id, len, false))
			kept = emu_slots_keep(s, id, page, frame, len);
		if (kept < len)
			rest_add(s, rest, page + kept, len - kept);
	}
}

static void move_unmap(struct exmap_surface *core, u32 id, const struct exmap_run *runs,
		       u32 nr_runs)
{
	struct emu_surface *s = emu_surface_of(core);
	struct exmap_run span;
	struct rest rest;
	u32 i = 0;

	if (!s->slots) {
		emu_mover_copy.ops.unmap(core, id, runs, nr_runs);
		return;
	}
	rest.n = 0;
	while (emu_next_span(runs, nr_runs, &i, &span))
		unmap_span(s, id, &span, &rest);
	if (rest.n)
		emu_zap_runs(core, rest.run, rest.n);
}

static int move_prepare(struct emu_surface *s)
{
	int ret;

	/* Valgrind does not know UFFDIO_MOVE, and pages that are moved have no marks. */
	if (emu_on_valgrind() || emu_marks())
		return -ENOSYS;
	ret = emu_copy_prepare(s);
	if (!ret && !emu_uffd_moves(s->uffd)) {
		emu_copy_release(s);
		ret = -ENOSYS;
	}
	return ret;
}

static void move_frames(struct emu_surface *s, u64 nr_frames)
{
	s->slots = emu_slots_create(s, nr_frames);
	if (s->slots && emu_options()->verbose)
		emu_say("MOVE: a call %llu ticks, a page of few %llu, of many %llu; "
			"to copy a page %llu, to drop it %llu",
			(unsigned long long)s->slots->fixed, (unsigned long long)s->slots->few,
			(unsigned long long)s->slots->many, (unsigned long long)s->slots->copy,
			(unsigned long long)s->slots->zap);
}

static int move_protect(struct emu_surface *s, int prot)
{
	int ret = emu_copy_protect(s, prot);

	if (!ret && s->slots)
		emu_slots_protect(s->slots, prot);
	return ret;
}

static void move_release(struct emu_surface *s)
{
	emu_slots_destroy(s->slots);
	emu_copy_release(s);
}

const struct emu_mover emu_mover_move = {
	.name = "move",
	.ops = { .prepare = emu_touch,
		 .order = emu_order_frames,
		 .map = move_map,
		 .unmap = move_unmap,
		 .wait = emu_wait,
		 .fill = emu_move_fill,
		 .fetch = emu_fetch,
		 .store = emu_store,
		 .shadow = emu_shadow,
		 .unshadow = emu_copy_unmap },
	.prepare = move_prepare,
	.frames = move_frames,
	.protect = move_protect,
	.release = move_release,
};
