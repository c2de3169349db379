// SPDX-License-Identifier: MIT
/*
 * mover_move_read.c - READ by MOVE: the backing is read into resident slots, which are moved
 *
 * A moved page is neither zeroed nor copied. Pages whose slots are empty, or not worth a MOVE, are
 * read into the interface's bounce buffer and copied from there. One read of the backing fills
 * both kinds.
 */

#define _GNU_SOURCE
#include "emu/mover_move_read.h"

#include <string.h>

#include "emu/backing.h"
#include "emu/disturb.h"
#include "emu/options.h"
#include "emu/pieces.h"

/*
 * The plan for one read of the backing: @n ranges of memory that receive @len neighbouring pages.
 * @bounced bytes of these are in the bounce buffer, the others in slots.
 */
struct intake {
	struct iovec range[64];
	u32 n;
	u64 len;
	size_t bounced;
};

/*
 * Plans a read of pages from @page on, up to @end, as far as the bounce buffer and the array of
 * ranges suffice. A slot that is still resident was found worth a MOVE by emu_drain_span(), so
 * the backing is read into the slot.
 */
static void plan_intake(struct emu_surface *s, u32 id, u64 page, u64 end, struct intake *in)
{
	in->n = 0;
	in->len = 0;
	in->bounced = 0;
	while (page + in->len < end && in->n < 64) {
		u64 at = page + in->len;
		u64 frame = emu_frame_of(s, at);
		char *to = emu_slot(s->slots, frame);
		u64 len;

		if (emu_resident(s, frame)) {
			len = emu_piece_len(s, at, end, frame);
		} else {
			u64 room = (EMU_BOUNCE_SIZE - in->bounced) >> EXMAP_PAGE_SHIFT;

			to = emu_bounce(s, id) + in->bounced;
			len = emu_empty_len(s, at, EXMAP_MIN(end, at + room));
			if (!len)
				break;
			in->bounced += len << EXMAP_PAGE_SHIFT;
		}
		in->range[in->n++] = (struct iovec){ to, len << EXMAP_PAGE_SHIFT };
		in->len += len;
	}
}

/* Maps pages whose slots the kernel refuses to move, through the bounce buffer. Return: success. */
static bool copy_out_of_slots(struct emu_surface *s, u32 id, u64 page, u64 frame, u64 len)
{
	char *bounce = emu_bounce(s, id);

	for (u64 done = 0, n; done < len; done += n) {
		size_t size;

		n = EXMAP_MIN(len - done, (u64)EMU_BOUNCE_SIZE >> EXMAP_PAGE_SHIFT);
		size = n << EXMAP_PAGE_SHIFT;
		memcpy(bounce, emu_slot(s->slots, frame + done), size);
		emu_drain_one(s, frame + done, n);
		if (emu_resident(s, frame + done) ||
		    emu_copy_in(s, page + done, bounce, size) < size)
			return false;
	}
	return true;
}

/* Maps the pages of one range, whose content is at @from. Return: success. */
static bool place(struct emu_surface *s, u32 id, u64 page, const char *from, u64 len)
{
	u64 frame = emu_frame_of(s, page);
	size_t size = len << EXMAP_PAGE_SHIFT;
	u64 done;

	if (!emu_resident(s, frame))
		return emu_copy_in(s, page, from, size) == size;
	done = emu_slots_take(s, id, page, frame, len);
	return done == len || copy_out_of_slots(s, id, page + done, frame + done, len - done);
}

/*
 * One read of the backing. @asked is set to the number of pages it was for.
 * Return: bytes read, whose pages are mapped; or a negative errno, and some may be mapped.
 */
static s64 take_in(struct emu_surface *s, u32 id, u64 page, u64 end, u64 *asked)
{
	struct intake in;
	struct iovec range[64];
	s64 bytes;

	plan_intake(s, id, page, end, &in);
	*asked = in.len;
	memcpy(range, in.range, in.n * sizeof(range[0]));
	bytes = emu_backing_read(s->dev->backing_fd, range, in.n, page << EXMAP_PAGE_SHIFT);
	/* Bounced pages first: copy_out_of_slots() needs the buffer after that. */
	for (int moved = 0; moved < 2; moved++) {
		u64 at = page;
		s64 left = bytes;

		for (u32 i = 0; left > 0; i++) {
			s64 size = EXMAP_MIN((s64)in.range[i].iov_len, left);
			u64 len = emu_pages_len(size) >> EXMAP_PAGE_SHIFT;
			char *from = in.range[i].iov_base;

			if (emu_resident(s, emu_frame_of(s, at)) == moved) {
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

/* Under junk=1: slots that a READ has filled, but not moved, must not be handed out with its content. */
static void spoil_slots(struct emu_surface *s, u64 page, u64 end)
{
	for (; page < end; page++) {
		u64 frame = emu_frame_of(s, page);

		if (emu_resident(s, frame))
			memset(emu_slot(s->slots, frame), EMU_JUNK, EXMAP_PAGE_SIZE);
	}
}

s64 emu_move_fill(struct exmap_surface *core, u32 id, u64 page, u32 len)
{
	struct emu_surface *s = emu_surface_of(core);
	struct exmap_run span = { .page = page, .len = len };
	u64 end = page + len;
	u64 at = page;
	struct emu_drain drain;
	s64 done = 0;

	if (emu_slots_empty(s->slots))
		return emu_mover_copy.ops.fill(core, id, page, len);
	drain.n = 0;
	emu_drain_span(s, id, &span, &drain);
	emu_drain_now(s, &drain);
	while (at < end) {
		u64 asked;
		s64 ret = take_in(s, id, at, end, &asked);

		if (ret < 0) {
			/* Some of these pages may be mapped: unmap them with those before them. */
			span.len = at + asked - page;
			emu_mover_copy.ops.unmap(core, id, &span, 1);
			done = ret;
			break;
		}
		done += ret;
		at += asked;
		if ((u64)ret < asked << EXMAP_PAGE_SHIFT)
			break;
	}
	if (emu_options()->junk)
		spoil_slots(s, page, end);
	return done;
}
