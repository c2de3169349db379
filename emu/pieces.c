// SPDX-License-Identifier: MIT
/* pieces.c - draining slots; see pieces.h */

#define _GNU_SOURCE
#include "emu/pieces.h"

#include <sys/mman.h>

#include "emu/advice.h"

void emu_drain_now(struct emu_surface *s, struct emu_drain *drain)
{
	struct emu_slots *slots = s->slots;
	struct iovec range[EXMAP_USER_INTERFACE_PAGES];

	memcpy(range, drain->range, drain->n * sizeof(range[0]));
	if (drain->n && !emu_advise(s->advice_fd, range, drain->n, MADV_DONTNEED)) {
		for (u32 i = 0; i < drain->n; i++) {
			u64 offset = (char *)drain->range[i].iov_base - slots->base;

			memset(&slots->slot[offset >> EXMAP_PAGE_SHIFT], SLOT_EMPTY,
			       drain->range[i].iov_len >> EXMAP_PAGE_SHIFT);
		}
	}
	drain->n = 0;
}

void emu_drain_add(struct emu_surface *s, struct emu_drain *drain, u64 frame, u64 len)
{
	drain->range[drain->n++] =
		(struct iovec){ emu_slot(s->slots, frame), len << EXMAP_PAGE_SHIFT };
	if (drain->n == EXMAP_USER_INTERFACE_PAGES)
		emu_drain_now(s, drain);
}

void emu_drain_one(struct emu_surface *s, u64 frame, u64 len)
{
	struct iovec range = { emu_slot(s->slots, frame), len << EXMAP_PAGE_SHIFT };

	if (!emu_advise(s->advice_fd, &range, 1, MADV_DONTNEED))
		memset(&s->slots->slot[frame], SLOT_EMPTY, len);
}

void emu_drain_span(struct emu_surface *s, u32 id, const struct exmap_run *span,
		    struct emu_drain *drain)
{
	u64 end = span->page + span->len;
	u64 len;

	for (u64 page = span->page; page < end; page += len) {
		u64 frame = emu_frame_of(s, page);

		if (exmap_likely(!emu_resident(s, frame))) {
			len = 1;
			continue;
		}
		len = emu_piece_len(s, page, end, frame);
		if (!emu_slots_choose(s->slots, id, len, true))
			emu_drain_add(s, drain, frame, len);
	}
}
