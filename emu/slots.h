/* SPDX-License-Identifier: MIT */
/*
 * slots.h - slots, where the pages of free frames stay resident, and when moving them pays
 *
 * Frame f has slot f: one page of address space outside the surface. A slot is *resident* if it
 * holds a page, which UFFDIO_MOVE can put into the surface, and *empty* if not.
 *
 *	frame    its page is      its slot is
 *	mapped   in the surface   empty
 *	free     in the slot      resident
 *	free     nowhere          empty
 *
 * A frame has one resident page at most. So never more pages are resident than there are frames.
 *
 * To move a page costs less than to copy a fresh one in and drop it later. But each UFFDIO_MOVE
 * flushes the TLB, which costs much more if other CPUs run the process: then MOVE pays for long
 * runs only. So each MOVE is timed, and emu_slots_choose() goes by what the last ones took.
 * Times are in ticks of the CPU's time-stamp counter.
 */
#ifndef EXMAP_EMU_SLOTS_H
#define EXMAP_EMU_SLOTS_H

#include "core/pool.h"
#include "emu/surface.h"

/**
 * enum emu_slot_state - state of a frame's slot
 * @SLOT_EMPTY:    the slot holds no page; the frame is mapped, or free
 * @SLOT_RESIDENT: the slot holds a page, and the frame is free
 */
enum emu_slot_state { SLOT_EMPTY, SLOT_RESIDENT };

/**
 * struct emu_pace - what one interface knows of the cost of UFFDIO_MOVE; under the interface's lock
 * @fixed:  ticks of one call, without the cost of its pages; a moving average
 * @random: state of the random number generator of strategy=mixed
 */
struct emu_pace {
	u64 fixed;
	u32 random;
} exmap_cacheline_aligned;

/**
 * struct emu_slots - the slots of one surface
 * @base:     address of slot 0
 * @len:      bytes of all slots, and of a margin behind them in which costs are measured
 * @fence:    the fences around that memory
 * @size:     bytes of this structure, with @slot
 * @usable:   whether the surface's protection permits MOVE; written while calls are stopped
 * @used:     whether a page was ever moved into a slot; atomic. A thread that gets the frame of
 *            such a page from the pool sees it set, as the pool orders memory.
 * @always:   strategy=move: MOVE whenever the kernel can, whatever it costs
 * @chance:   strategy=mixed: MOVE or not at random
 * @fixed:    ticks of a call of MOVE while no other CPU runs the process
 * @few:      ticks to move one page of a short run
 * @many:     ticks to move one page of a long run
 * @copy:     ticks to copy one page of a run in
 * @zap:      ticks to drop one page of a run
 * @pace:     the costs as each interface sees them; under the interface's lock
 * @slot:     an enum emu_slot_state for each frame; only the owner of the frame uses it: the
 *            call that owns its page, or that has taken it from the pool
 *
 * Fields of which nothing else is said are constant after emu_slots_create().
 */
struct emu_slots {
	char *base;
	size_t len;
	struct emu_fence fence;
	size_t size;
	bool usable;
	bool used;
	bool always;
	bool chance;
	u64 fixed;
	u64 few;
	u64 many;
	u64 copy;
	u64 zap;
	struct emu_pace pace[EXMAP_MAX_INTERFACES];
	u8 slot[];
};

/**
 * emu_slots_create() - make empty slots for a surface, and measure what MOVE and COPY cost
 * @s:         a surface that has a userfaultfd, and on which no call has run yet
 * @nr_frames: number of frames
 *
 * Return: the slots; NULL if UFFDIO_MOVE does not work, or memory is exhausted.
 */
struct emu_slots *emu_slots_create(struct emu_surface *s, u64 nr_frames);
void emu_slots_destroy(struct emu_slots *slots);

/** emu_slots_protect() - note that the surface's protection changes to @prot; calls are stopped. */
void emu_slots_protect(struct emu_slots *slots, int prot);

/**
 * emu_slots_forbid() - from now on no page of this process is moved
 *
 * UFFDIO_MOVE refuses a page that the kernel has pinned, but not one to which the kernel only
 * holds a reference, as vmsplice() and MSG_ZEROCOPY do. Such a page, moved into a slot and out
 * again, would be overwritten by its next owner while it is still being sent [4.11].
 * Any thread.
 */
void emu_slots_forbid(void);

/** emu_slot() - the address of a frame's slot. */
static inline char *emu_slot(const struct emu_slots *slots, u64 frame)
{
	return slots->base + (frame << EXMAP_PAGE_SHIFT);
}

/**
 * emu_slots_choose() - decide whether to MOVE a run of pages
 * @id:   the calling interface, whose lock is held
 * @len:  pages of the run
 * @from: true to move out of slots into the surface; false to move into slots
 *
 * Ask only once for each run, because each answer changes the interface's pace: strategy=mixed
 * draws a new random number, and a "no" lowers the cost that is assumed for the next run.
 */
bool emu_slots_choose(struct emu_slots *slots, u32 id, u64 len, bool from);

/** emu_slots_empty() - whether the slots of all frames that the caller owns are surely empty. */
static inline bool emu_slots_empty(const struct emu_slots *slots)
{
	return !slots || !exmap_load(&slots->used);
}

/**
 * emu_slots_take() - MOVE the pages in @len slots into the surface
 * @id:    the calling interface, whose lock is held
 * @page:  first page of the surface
 * @frame: first frame; the slots from there on are resident
 *
 * The caller owns the pages and frames. Return: number of pages moved, from the first on.
 */
u64 emu_slots_take(struct emu_surface *s, u32 id, u64 page, u64 frame, u64 len);

/** emu_slots_keep() - MOVE pages of the surface into their slots; otherwise as emu_slots_take(). */
u64 emu_slots_keep(struct emu_surface *s, u32 id, u64 page, u64 frame, u64 len);

#endif /* EXMAP_EMU_SLOTS_H */
