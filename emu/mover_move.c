// SPDX-License-Identifier: MIT
/*
 * mover_move.c - pages go to and fro by UFFDIO_MOVE where that pays, else as in
 * mover_copy.c
 *
 * For each run of neighbouring pages with neighbouring frames it is decided anew;
 * what FREE does not keep in slots goes in one vectored call.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "emu/backing.h"
#include "emu/device.h"
#include "emu/mover.h"
#include "emu/options.h"
#include "emu/process.h"
#include "emu/report.h"
#include "emu/slots.h"
#include "emu/uffd.h"

static u64 frame_of(const struct emu_surface *s, u64 page)
{
	return exmap_word_frame(exmap_load(&s->core.table[page]));
}

/* The pages from @page on, before @end, with neighbouring frames, resident all or none. */
static u64 piece_len(const struct emu_surface *s, u64 page, u64 end, u64 frame)
{
	const u8 *resident = s->slots->resident;
	u64 len = 1;

	while (page + len < end && frame_of(s, page + len) == frame + len &&
	       resident[frame + len] == resident[frame])
		len++;
	return len;
}

/* Slots to be emptied with one call. */
struct drain {
	struct iovec range[EXMAP_USER_INTERFACE_PAGES];
	u32 n;
};

static void drain_now(struct emu_surface *s, struct drain *drain)
{
	struct emu_slots *slots = s->slots;
	struct iovec range[EXMAP_USER_INTERFACE_PAGES];

	memcpy(range, drain->range, drain->n * sizeof(range[0]));
	if (drain->n && !emu_zap(s->zap_fd, range, drain->n)) {
		for (u32 i = 0; i < drain->n; i++) {
			u64 offset = (char *)drain->range[i].iov_base - slots->base;

			memset(&slots->resident[offset >> EXMAP_PAGE_SHIFT], false,
			       drain->range[i].iov_len >> EXMAP_PAGE_SHIFT);
		}
	}
	drain->n = 0;
}

static void drain_add(struct emu_surface *s, struct drain *drain, u64 frame, u64 len)
{
	drain->range[drain->n++] =
		(struct iovec){ emu_slot(s->slots, frame), len << EXMAP_PAGE_SHIFT };
	if (drain->n == EXMAP_USER_INTERFACE_PAGES)
		drain_now(s, drain);
}

/*
 * Empties those slots of a span whose pages are not worth a MOVE, before others are
 * copied in: what is resident never exceeds the frames. Slots that stay resident are to be
 * moved.
 */
static void settle(struct emu_surface *s, u32 id, const struct exmap_run *span, struct drain *drain)
{
	u64 end = span->page + span->len;
	u64 len;

	for (u64 page = span->page; page < end; page += len) {
		u64 frame = frame_of(s, page);

		if (exmap_likely(!s->slots->resident[frame])) {
			len = 1;
			continue;
		}
		len = piece_len(s, page, end, frame);
		if (!emu_slots_worth(s->slots, id, len, true))
			drain_add(s, drain, frame, len);
	}
}

/* Makes the pages of a span appear. Return: how many did. */
static u64 map_span(struct emu_surface *s, u32 id, const struct exmap_run *span)
{
	u64 end = span->page + span->len;
	u64 page = span->page;

	while (page < end) {
		u64 frame = frame_of(s, page);
		u64 len = 0;
		u64 done;

		if (!s->slots->resident[frame]) {
			while (page + len < end && !s->slots->resident[frame_of(s, page + len)])
				len++;
			done = emu_copy_fresh(s, page, len);
			if (done < len)
				return page + done - span->page;
		} else {
			len = piece_len(s, page, end, frame);
			done = emu_slots_take(s, id, page, frame, len);
			if (done < len) {
				/* The kernel will not move it: a fresh one does as well. */
				struct drain drain = { .n = 0 };

				drain_add(s, &drain, frame + done, len - done);
				drain_now(s, &drain);
				if (s->slots->resident[frame + done])
					return page + done - span->page;
				len = done;
			}
		}
		page += len;
	}
	return span->len;
}

static u64 move_map(struct exmap_surface *core, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	struct emu_surface *s = emu_surface_of(core);
	struct drain drain = { .n = 0 };
	struct exmap_run span;
	u64 mapped = 0;
	u32 i = 0;

	if (!s->slots)
		return emu_mover_copy.ops.map(core, id, runs, nr_runs);
	while (emu_next_span(runs, nr_runs, &i, &span))
		settle(s, id, &span, &drain);
	drain_now(s, &drain);
	i = 0;
	while (emu_next_span(runs, nr_runs, &i, &span)) {
		u64 got = map_span(s, id, &span);

		mapped += got;
		if (got < span.len)
			break;
	}
	return mapped;
}

/* Pages that go for good, with one call. */
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

	for (u64 page = span->page; page < end; page += len) {
		u64 frame = frame_of(s, page);
		u64 kept = 0;

		len = piece_len(s, page, end, frame);
		if (emu_slots_worth(s->slots, id, len, false))
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

/*
 * Reads into slots that hold pages, which then move: no copy. The kernel may hold
 * on to a page that was just read into, and not let it go (EBUSY): the slots of those
 * are emptied, and @len is what has appeared.
 *
 * Return: as emu_copy_read(), for these.
 */
static s64 read_and_take(struct emu_surface *s, u32 id, u64 page, u64 frame, u64 *len)
{
	char *slot = emu_slot(s->slots, frame);
	s64 ret = emu_backing_read(s->dev->backing_fd, slot, *len << EXMAP_PAGE_SHIFT,
				   page << EXMAP_PAGE_SHIFT);
	struct drain drain = { .n = 0 };
	u64 want, done;

	if (ret <= 0)
		return ret;
	memset(slot + ret, 0, emu_pages_len(ret) - ret);
	want = emu_pages_len(ret) >> EXMAP_PAGE_SHIFT;
	done = emu_slots_take(s, id, page, frame, want);
	if (done == want)
		return ret;
	drain_add(s, &drain, frame + done, want - done);
	drain_now(s, &drain);
	if (s->slots->resident[frame + done])
		return -ENOMEM;
	*len = done;
	return done << EXMAP_PAGE_SHIFT;
}

static s64 read_fresh(struct emu_surface *s, u32 id, u64 page, u64 end, u64 *len)
{
	u64 n = 1;

	while (page + n < end && n < EMU_BOUNCE_SIZE / EXMAP_PAGE_SIZE &&
	       !s->slots->resident[frame_of(s, page + n)])
		n++;
	*len = n;
	return emu_copy_read(s, id, page, n);
}

static s64 move_fill(struct exmap_surface *core, u32 id, u64 page, u32 len)
{
	struct emu_surface *s = emu_surface_of(core);
	struct exmap_run run = { .page = page, .len = len };
	struct drain drain = { .n = 0 };
	u64 end = page + len;
	u64 pos = page;
	s64 done = 0;

	if (!s->slots)
		return emu_mover_copy.ops.fill(core, id, page, len);
	settle(s, id, &run, &drain);
	drain_now(s, &drain);
	while (pos < end) {
		u64 frame = frame_of(s, pos);
		u64 chunk;
		s64 ret;

		if (s->slots->resident[frame]) {
			chunk = piece_len(s, pos, end, frame);
			ret = read_and_take(s, id, pos, frame, &chunk);
		} else {
			ret = read_fresh(s, id, pos, end, &chunk);
		}
		if (ret < 0) {
			/* Some of the last chunk may be there: it goes with the rest. */
			emu_mover_copy.ops.unmap(core, id, &run, 1);
			return ret;
		}
		done += ret;
		if ((u64)ret < chunk << EXMAP_PAGE_SHIFT)
			break;
		pos += chunk;
	}
	return done;
}

static int move_prepare(struct emu_surface *s)
{
	int ret;

	/* Valgrind does not know the ioctl, and a fill pattern must be copied in. */
	if (emu_on_valgrind() || emu_options()->junk)
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
		emu_say("MOVE: a call %llu ticks, a page %llu; to copy a page %llu, to drop it %llu",
			(unsigned long long)s->slots->fixed, (unsigned long long)s->slots->move,
			(unsigned long long)s->slots->copy, (unsigned long long)s->slots->zap);
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
		 .map = move_map,
		 .unmap = move_unmap,
		 .wait = emu_wait,
		 .fill = move_fill },
	.prepare = move_prepare,
	.frames = move_frames,
	.protect = move_protect,
	.release = move_release,
};
