/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * pool.h - frames: interface-local lists, a global depot of bundles, stealing
 *
 * A *frame* is a number below nr_frames, the right to have one page mapped. A
 * *bundle* holds up to 512 of them. Each interface owns a list of two bundles,
 * loaded and spare (the two-magazine rule of Bonwick and Adams, "Magazines and
 * Vmem", 2001: alternating gets and puts around a boundary stay local). Full
 * and empty bundles travel between lists over two lock-free stacks.
 *
 * Every frame is at any moment in exactly one place: a bundle, or the hands of
 * the caller that got it and has not put it back.
 *
 * Promise: exmap_pool_get() returns fewer frames than asked for only if at one
 * moment during the call all lists and the depot together held no more.
 *
 * Lock order: the gate, then one list's lock; a second only by trylock. The last
 * sweep of a get needs all lists at rest: it closes the gate and passes once
 * through every list's lock, instead of holding 256 of them.
 */
#ifndef EXMAP_CORE_POOL_H
#define EXMAP_CORE_POOL_H

#include "core/platform.h"

#define EXMAP_BUNDLE_FRAMES 512
#define EXMAP_MAX_INTERFACES 256
#define EXMAP_NO_BUNDLE U32_MAX

/**
 * struct exmap_bundle - up to 512 free frames
 * @count: frames held; owned by whoever owns the bundle
 * @next:  index of the bundle below in a stack, or EXMAP_NO_BUNDLE; accessed
 *         atomically, because a losing popper reads it while the winner may
 *         already be pushing the bundle elsewhere
 * @frame: the frames, last in first out
 */
struct exmap_bundle {
	u32 count;
	u32 next;
	u32 frame[EXMAP_BUNDLE_FRAMES];
} exmap_cacheline_aligned;

/**
 * struct exmap_stack - a lock-free stack of bundles
 * @head: index of the top bundle in the low half, a tag in the high half that
 *        changes with each push and pop so that a stale head never matches
 *        (no ABA); accessed atomically by everybody
 */
struct exmap_stack {
	u64 head;
} exmap_cacheline_aligned;

/**
 * struct exmap_list - one interface's free frames
 * @lock:   protects every field of the list and the bundles it owns
 * @loaded: bundle that gets and puts work on
 * @spare:  the other one
 * @free:   frames in both; written under @lock, read by thieves without
 * @victim: list that last gave to this one
 * @steals: number of times this list took frames from another
 * @random: state of the generator that picks victims
 */
struct exmap_list {
	exmap_lock_t lock;
	struct exmap_bundle *loaded;
	struct exmap_bundle *spare;
	u32 free;
	u32 victim;
	u64 steals;
	u32 random;
} exmap_cacheline_aligned;

/**
 * struct exmap_pool - all frames of one exmap
 * @full:       stack of bundles with frames
 * @empty:      stack of bundles without
 * @lists:      one for each interface
 * @bundles:    all bundles
 * @nr_lists:   number of lists
 * @nr_bundles: number of bundles
 * @nr_frames:  number of frames
 * @fill:       frames put into each bundle at the start
 * @gate:       held while the lists are at rest
 * @closed:     whether they are; written under @gate, read under a list's lock; atomic
 * @in_use:     debug builds only: 1 for each frame that is handed out
 *
 * Constant after exmap_pool_init() but for the stacks' heads, the lists' and
 * the bundles' contents, @closed, and @in_use (accessed atomically).
 */
struct exmap_pool {
	struct exmap_stack full;
	struct exmap_stack empty;
	struct exmap_list *lists;
	struct exmap_bundle *bundles;
	u32 nr_lists;
	u32 nr_bundles;
	u32 nr_frames;
	u32 fill;
	exmap_lock_t gate;
	u32 closed;
#ifdef EXMAP_CHECK
	u8 *in_use;
#endif
};

/**
 * exmap_pool_size() - memory that a pool needs
 * @nr_frames: frames, at least 1
 * @nr_lists:  interfaces, 1 to EXMAP_MAX_INTERFACES
 *
 * Return: bytes to hand to exmap_pool_init(), about 8 for each frame at the
 * most plus 4 KiB for each interface.
 */
size_t exmap_pool_size(u32 nr_frames, u32 nr_lists);

/**
 * exmap_pool_init() - make a pool with every frame free
 * @pool:      to be filled in
 * @memory:    exmap_pool_size() bytes, zeroed, 64-byte aligned, owned by the
 *             caller, alive until exmap_pool_destroy()
 * @nr_frames: as above
 * @nr_lists:  as above
 */
void exmap_pool_init(struct exmap_pool *pool, void *memory, u32 nr_frames, u32 nr_lists);

/**
 * exmap_pool_reset() - put every frame back, wherever it is now
 *
 * Caller: nobody else may be in any pool call, and must have given up the
 * frames it holds.
 */
void exmap_pool_reset(struct exmap_pool *pool);

/** exmap_pool_destroy() - undo exmap_pool_init(); the memory is the caller's. */
void exmap_pool_destroy(struct exmap_pool *pool);

/**
 * exmap_pool_get() - take frames
 * @pool:   the pool
 * @list:   the calling interface
 * @frames: room for @n numbers
 * @n:      how many are wanted
 *
 * Return: how many were taken; fewer than @n only as promised above. Any
 * thread, any list, at any time; takes no lock but lists'.
 */
u32 exmap_pool_get(struct exmap_pool *pool, u32 list, u32 *frames, u32 n);

/**
 * exmap_pool_put() - give frames back to an interface's list
 *
 * As for exmap_pool_get(). Nothing may still be mapped on the frames.
 */
void exmap_pool_put(struct exmap_pool *pool, u32 list, const u32 *frames, u32 n);

/**
 * exmap_pool_count() - free frames in all lists and the depot at one moment
 *
 * Stops every list for a moment: for tests and statistics.
 */
u64 exmap_pool_count(struct exmap_pool *pool);

#endif /* EXMAP_CORE_POOL_H */
