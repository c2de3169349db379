/* SPDX-License-Identifier: MIT */
/*
 * pieces.h - neighbouring pages by their frames and slots, for ALLOC, FREE and READ by MOVE
 *
 * One call of MOVE takes neighbouring pages to neighbouring slots: a *piece*. Slots whose pages are
 * not to be moved are emptied, many with one call: *drained*.
 *
 * The caller owns all pages it names, and so their frames and slots.
 */
#ifndef EXMAP_EMU_PIECES_H
#define EXMAP_EMU_PIECES_H

#include <string.h>

#include "core/steps.h"
#include "emu/mover.h"
#include "emu/slots.h"

/** emu_frame_of() - the frame of a page that is BUSY, and has one. */
static inline u64 emu_frame_of(const struct emu_surface *s, u64 page)
{
	return exmap_word_frame(exmap_load(&s->core.table[page]));
}

/**
 * emu_piece_len() - pages from @page on, before @end, that have neighbouring frames, and slots
 * that are all resident or all empty
 */
static inline u64 emu_piece_len(const struct emu_surface *s, u64 page, u64 end, u64 frame)
{
	const u64 *word = &s->core.table[page];
	u64 len = exmap_count_steps(word, end - page, exmap_load(word),
				    1ull << EXMAP_WORD_FRAME_SHIFT);
	const u8 *slot = &s->slots->slot[frame];
	u64 same = 1;

	if (exmap_likely(!memcmp(slot, slot + 1, len - 1)))
		return len;
	while (slot[same] == slot[0])
		same++;
	return same;
}

/** emu_resident() - whether a frame's slot holds a page. */
static inline bool emu_resident(const struct emu_surface *s, u64 frame)
{
	return s->slots->slot[frame] == SLOT_RESIDENT;
}

/**
 * emu_empty_len() - pages from @page on, before @end, whose slots are empty
 *
 * One call copies them in, whatever their frames.
 */
static inline u64 emu_empty_len(const struct emu_surface *s, u64 page, u64 end)
{
	u64 len = 0;

	while (page + len < end && !emu_resident(s, emu_frame_of(s, page + len)))
		len++;
	return len;
}

/**
 * struct emu_drain - slots to be emptied with one call
 * @range: where they are
 * @n:     how many ranges. The structure is large: set only this, to 0, to begin with
 */
struct emu_drain {
	struct iovec range[EXMAP_USER_INTERFACE_PAGES];
	u32 n;
};

/** emu_drain_add() - empty the slots of frames, together with others. */
void emu_drain_add(struct emu_surface *s, struct emu_drain *drain, u64 frame, u64 len);

/** emu_drain_now() - empty them. What cannot be emptied stays resident. */
void emu_drain_now(struct emu_surface *s, struct emu_drain *drain);

/** emu_drain_one() - empty the slots of neighbouring frames. The same holds. */
void emu_drain_one(struct emu_surface *s, u64 frame, u64 len);

/**
 * emu_drain_span() - decide for each piece of a span whether it is moved, and drain the others
 *
 * Before pages are copied in, the slots of their frames must be empty: what is resident never
 * exceeds the frames. Slots that stay resident are to be moved.
 */
void emu_drain_span(struct emu_surface *s, u32 id, const struct exmap_run *span,
		    struct emu_drain *drain);

#endif /* EXMAP_EMU_PIECES_H */
