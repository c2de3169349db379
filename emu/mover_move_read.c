// SPDX-License-Identifier: MIT
/*
 * mover_move_read.c - READ by MOVE: the backing is read straight into slots
 *
 * Where moving pays: nothing is copied then, nor zeroed. Other pages come by way of the
 * bounce buffer, in the same call of the backing.
 */

#define _GNU_SOURCE
#include <string.h>

#include "emu/backing.h"
#include "emu/mover_move.h"

/* Ranges of memory that one call of the backing fills, for as many neighbouring pages. */
struct intake {
	struct iovec range[64];
	u32 n;
	u64 len;
	size_t bounced;
};

/*
 * Straight into those slots that are to be moved, as they were not emptied; for other pages
 * into the bounce buffer, as far as that goes.
 */
static void plan_intake(struct emu_surface *s, u32 id, u64 page, u64 end, struct intake *in)
{
	in->n = 0;
	in->len = 0;
	in->bounced = 0;
	while (page + in->len < end && in->n < 64) {
		u64 at = page + in->len;
		u64 frame = frame_of(s, at);
		char *to = emu_slot(s->slots, frame);
		u64 len;

		if (resident(s, frame)) {
			len = piece_len(s, at, end, frame);
		} else {
			u64 room = (EMU_BOUNCE_SIZE - in->bounced) >> EXMAP_PAGE_SHIFT;

			to = emu_bounce(s, id) + in->bounced;
			len = empty_len(s, at, EXMAP_MIN(end, at + room));
			if (!len)
				break;
			in->bounced += len << EXMAP_PAGE_SHIFT;
		}
		in->range[in->n++] = (struct iovec){ to, len << EXMAP_PAGE_SHIFT };
		in->len += len;
	}
}

/* The kernel will not move these pages, in slots: by way of the bounce buffer. */
static bool copy_out_of_slots(struct emu_surface *s, u32 id, u64 page, u64 frame, u64 len)
{
	char *bounce = emu_bounce(s, id);

	for (u64 done = 0, n; done < len; done += n) {
		size_t size;

		n = EXMAP_MIN(len - done, (u64)EMU_BOUNCE_SIZE >> EXMAP_PAGE_SHIFT);
		size = n << EXMAP_PAGE_SHIFT;
		memcpy(bounce, emu_slot(s->slots, frame + done), size);
		emu_drain_one(s, frame + done, n);
		if (resident(s, frame + done) || emu_copy_in(s, page + done, bounce, size) < size)
			return false;
	}
	return true;
}

/* Pages of one range appear. */
static bool place(struct emu_surface *s, u32 id, u64 page, const char *from, u64 len)
{
	u64 frame = frame_of(s, page);
	size_t size = len << EXMAP_PAGE_SHIFT;
	u64 done;

	if (!resident(s, frame))
		return emu_copy_in(s, page, from, size) == size;
	done = emu_slots_take(s, id, page, frame, len);
	return done == len || copy_out_of_slots(s, id, page + done, frame + done, len - done);
}

/* One call of the backing. Return: bytes whose pages have appeared, or a negative errno. */
static s64 take_in(struct emu_surface *s, u32 id, u64 page, u64 end, u64 *asked)
{
	struct intake in;
	struct iovec range[64];
	s64 bytes;

	plan_intake(s, id, page, end, &in);
	*asked = in.len;
	memcpy(range, in.range, in.n * sizeof(range[0]));
	bytes = emu_backing_read(s->dev->backing_fd, range, in.n, page << EXMAP_PAGE_SHIFT);
	/* What was bounced is placed first: the buffer may be wanted for what cannot be moved. */
	for (int moved = 0; moved < 2; moved++) {
		u64 at = page;
		s64 left = bytes;

		for (u32 i = 0; left > 0; i++) {
			s64 size = EXMAP_MIN((s64)in.range[i].iov_len, left);
			u64 len = emu_pages_len(size) >> EXMAP_PAGE_SHIFT;
			char *from = in.range[i].iov_base;

			if (resident(s, frame_of(s, at)) == moved) {
				memset(from + size, 0, emu_pages_len(size) - size);
				if (!place(s, id, at, from, len))
					return -ENOMEM;
			}
			at += len;
			left -= size;
		}
	}
	return bytes;
}

s64 emu_move_fill(struct exmap_surface *core, u32 id, u64 page, u32 len)
{
	struct emu_surface *s = emu_surface_of(core);
	struct exmap_run span = { .page = page, .len = len };
	u64 end = page + len;
	u64 at = page;
	struct drain drain;
	s64 done = 0;

	if (emu_slots_empty(s->slots))
		return emu_mover_copy.ops.fill(core, id, page, len);
	drain.n = 0;
	emu_settle(s, id, &span, &drain);
	emu_drain_now(s, &drain);
	while (at < end) {
		u64 asked;
		s64 ret = take_in(s, id, at, end, &asked);

		if (ret < 0) {
			/* Some of these may be there: they go with the rest. */
			span.len = at + asked - page;
			emu_mover_copy.ops.unmap(core, id, &span, 1);
			return ret;
		}
		done += ret;
		at += asked;
		if ((u64)ret < asked << EXMAP_PAGE_SHIFT)
			break;
	}
	return done;
}
