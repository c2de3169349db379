/* SPDX-License-Identifier: MIT */
/* mover_move.h - what ALLOC and READ by MOVE share: pages by their frames and slots */
#ifndef EXMAP_EMU_MOVER_MOVE_H
#define EXMAP_EMU_MOVER_MOVE_H

#include <string.h>

#include "emu/mover.h"
#include "emu/slots.h"
#include "emu/uffd.h"

static inline u64 frame_of(const struct emu_surface *s, u64 page)
{
	return exmap_word_frame(exmap_load(&s->core.table[page]));
}

/* The pages from @page on, before @end, with neighbouring frames and slots of one kind. */
static inline u64 piece_len(const struct emu_surface *s, u64 page, u64 end, u64 frame)
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

static inline bool resident(const struct emu_surface *s, u64 frame)
{
	return s->slots->slot[frame] == SLOT_RESIDENT;
}

/*
 * The pages from @page on, before @end, whose slots are empty: one call copies them in,
 * whatever their frames.
 */
static inline u64 empty_len(const struct emu_surface *s, u64 page, u64 end)
{
	u64 len = 0;

	while (page + len < end && !resident(s, frame_of(s, page + len)))
		len++;
	return len;
}

/**
 * struct drain - slots to be emptied with one call
 * @range: where they are
 * @n:     how many ranges; the structure is large, so only this is set to begin with
 */
struct drain {
	struct iovec range[EXMAP_USER_INTERFACE_PAGES];
	u32 n;
};

/** emu_drain_add() - empty the slots of frames, together with others. */
void emu_drain_add(struct emu_surface *s, struct drain *drain, u64 frame, u64 len);

/** emu_drain_now() - empty them. What cannot be emptied stays resident. */
void emu_drain_now(struct emu_surface *s, struct drain *drain);

/** emu_drain_one() - empty the slots of neighbouring frames. The same holds. */
void emu_drain_one(struct emu_surface *s, u64 frame, u64 len);

/**
 * emu_settle() - empty those slots of a span whose pages are not worth a MOVE
 *
 * Before others are copied in: what is resident never exceeds the frames. Slots that stay
 * resident are to be moved.
 */
void emu_settle(struct emu_surface *s, u32 id, const struct exmap_run *span, struct drain *drain);

/** emu_move_fill() - the fill op. */
s64 emu_move_fill(struct exmap_surface *core, u32 id, u64 page, u32 len);

#endif /* EXMAP_EMU_MOVER_MOVE_H */
