/* SPDX-License-Identifier: MIT */
/*
 * pieces.h - cutting spans into pieces that one UFFDIO_MOVE can take; draining slots
 *
 * A *piece* is neighbouring pages whose frames are neighbours too, and whose slots are all
 * resident or all empty. Example: pages 10 11 12 with frames 5 6 9 are two pieces. One MOVE
 * takes one piece. To *drain* a slot is to drop the page in it, when moving the page would cost
 * more than copying in a fresh one; one call drains many slots.
 *
 * The caller of each function owns all pages it names, and so their frames and slots.
 */
#ifndef EXMAP_EMU_PIECES_H
#define EXMAP_EMU_PIECES_H

#include <string.h>

#include "core/steps.h"
#include "emu/mover.h"
#include "emu/slots.h"

/** emu_frame_of() - the frame of a page, which is BUSY and has one. */
static inline u64 emu_frame_of(const struct emu_surface *s, u64 page)
{
	return exmap_word_frame(exmap_load(&s->core.table[page]));
}

/**
 * emu_piece_len() - the length in pages of the piece that begins at @page
 * @end:   page behind the last that may belong to the piece
 * @frame: the frame of @page
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
 * emu_empty_len() - number of pages from @page on, before @end, whose slots are empty
 *
 * One UFFDIO_COPY maps them all, as it does not depend on their frames.
 */
static inline u64 emu_empty_len(const struct emu_surface *s, u64 page, u64 end)
{
	u64 len = 0;

	while (page + len < end && !emu_resident(s, emu_frame_of(s, page + len)))
		len++;
	return len;
}

/**
 * struct emu_drain - slots that are to be drained with one call
 * @range: the memory of the slots
 * @n:     number of ranges. To begin, set this to 0, and nothing else: the structure is large
 */
struct emu_drain {
	struct iovec range[EXMAP_USER_INTERFACE_PAGES];
	u32 n;
};

/** emu_drain_add() - note @len slots from @frame on for draining; drains when @drain is full. */
void emu_drain_add(struct emu_surface *s, struct emu_drain *drain, u64 frame, u64 len);

/** emu_drain_now() - drain all noted slots. If the kernel refuses, they stay resident. */
void emu_drain_now(struct emu_surface *s, struct emu_drain *drain);

/** emu_drain_one() - drain @len slots from @frame on. If the kernel refuses, they stay resident. */
void emu_drain_one(struct emu_surface *s, u64 frame, u64 len);

/**
 * emu_drain_span() - decide for each resident piece of a span whether MOVE pays; note the others
 * for draining
 *
 * After emu_drain_now(), a slot that is resident is to be moved. The pages of all other frames
 * are copied in, and their slots must be empty before that: otherwise a frame would have two
 * resident pages, and more pages be resident than buffer_size allows.
 */
void emu_drain_span(struct emu_surface *s, u32 id, const struct exmap_run *span,
		    struct emu_drain *drain);

#endif /* EXMAP_EMU_PIECES_H */
