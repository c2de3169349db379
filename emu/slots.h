/* SPDX-License-Identifier: MIT */
/*
 * slots.h - where pages stay while they are free, and whether that pays
 *
 * Frame f has slot f, one page of memory outside the surface. A slot is *resident*
 * if it holds a page, which UFFDIO_MOVE can put into the surface as it is, and
 * empty if not; a mapped page's slot is empty. So never more pages are resident than
 * there are frames.
 *
 * Moving a page costs less than copying a fresh one in and dropping it later, but
 * each call of UFFDIO_MOVE flushes the TLB: dear if other CPUs run the process, and
 * then it pays for long runs only. What it costs now is measured with each call.
 */
#ifndef EXMAP_EMU_SLOTS_H
#define EXMAP_EMU_SLOTS_H

#include "core/pool.h"
#include "emu/surface.h"

/**
 * enum emu_slot_state - what is in a frame's slot
 * @SLOT_EMPTY:    nothing; the frame is mapped, or free
 * @SLOT_RESIDENT: a page, ready to be moved
 */
enum emu_slot_state { SLOT_EMPTY, SLOT_RESIDENT };

/**
 * struct emu_pace - what a call of MOVE costs one interface
 * @fixed:  ticks, without what each page costs; a moving average, under its lock
 * @random: state of the generator that decides by chance, under its lock
 */
struct emu_pace {
	u64 fixed;
	u32 random;
} exmap_cacheline_aligned;

/**
 * struct emu_slots - the slots of one surface
 * @base:     the first slot
 * @len:      bytes, and of a margin behind the slots in which costs are measured
 * @fence:    the fences around that memory
 * @size:     bytes of this structure with @slot
 * @usable:   whether the surface's protection permits MOVE; changes while calls
 *            are stopped
 * @used:     whether a page was ever kept; atomic, and the frame whose page it was brings the
 *            news to whoever gets that next
 * @always:   MOVE whenever it can be done, whatever it costs
 * @chance:   MOVE or not by chance
 * @fixed:    ticks of a call of MOVE while no other CPU runs the process
 * @few:      ticks to move one page of a short run
 * @many:     ticks to move one page of a long run
 * @copy:     ticks to copy one page of a run in
 * @zap:      ticks to drop one page of a run
 * @pace:     for each interface
 * @slot:     for each frame, an enum emu_slot_state; whoever owns the frame owns that
 *
 * Constant after emu_slots_create() where nothing else is said.
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
 * emu_slots_create() - empty slots for a surface that has a userfaultfd
 *
 * Return: NULL if the kernel has no UFFDIO_MOVE, or no memory.
 */
struct emu_slots *emu_slots_create(struct emu_surface *s, u64 nr_frames);
void emu_slots_destroy(struct emu_slots *slots);

/** emu_slots_protect() - the surface's protection changes, while calls are stopped. */
void emu_slots_protect(struct emu_slots *slots, int prot);

/**
 * emu_slots_forbid() - from now on no page of this process goes into a slot
 *
 * MOVE refuses a page that is pinned, but not one that the kernel merely holds a
 * reference to: vmsplice() and MSG_ZEROCOPY do. A slot would hand such a page to its
 * next owner while it is still being sent [4.11].
 */
void emu_slots_forbid(void);

static inline char *emu_slot(const struct emu_slots *slots, u64 frame)
{
	return slots->base + (frame << EXMAP_PAGE_SHIFT);
}

/**
 * emu_slots_choose() - decide whether to MOVE a run of @len pages
 * @id:   the calling interface, locked
 * @from: true for pages in slots, false for pages that would go there
 *
 * Each decision changes the interface's pace: strategy=mixed tosses a coin, and a price that was
 * too high is believed a little less. So ask once for each run.
 */
bool emu_slots_choose(struct emu_slots *slots, u32 id, u64 len, bool from);

/** emu_slots_empty() - whether all slots are, for all that the caller's frames can tell. */
static inline bool emu_slots_empty(const struct emu_slots *slots)
{
	return !slots || !exmap_load(&slots->used);
}

/** emu_slots_take() - MOVE resident pages into the surface. Return: how many. */
u64 emu_slots_take(struct emu_surface *s, u32 id, u64 page, u64 frame, u64 len);

/** emu_slots_keep() - MOVE pages of the surface into their slots. Return: how many. */
u64 emu_slots_keep(struct emu_surface *s, u32 id, u64 page, u64 frame, u64 len);

#endif /* EXMAP_EMU_SLOTS_H */
