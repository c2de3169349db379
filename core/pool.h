/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * pool.h - the pool: free frames in a list for each interface, a depot shared by all, stealing
 *
 * A *frame* is a number below nr_frames: the right to have one page mapped. A *bundle* holds up to
 * 512 free frames. Each interface has a *list* of two bundles, loaded and spare. (This is the
 * two-magazine rule of Bonwick and Adams, "Magazines and Vmem", 2001: gets and puts that alternate
 * around the boundary of a bundle stay in the list.) The *depot* is two lock-free stacks, one of
 * bundles with frames and one of empty bundles.
 *
 * exmap_pool_get() takes frames from these places, in this order, until it has enough:
 *
 * 1. the interface's own list             under the list's lock
 * 2. the depot                            under the same lock
 * 3. other interfaces' lists: steal()     under the same lock; the other list's lock is tried
 * 4. all of them again, at rest: sweep()  under the gate
 *
 * At any moment each frame is in exactly one place: in a bundle, or with the caller that got it and
 * has not put it back.
 *
 * Promise: exmap_pool_get() returns fewer frames than asked for only if at one moment of the call
 * the lists and the depot together held no more.
 *
 * Lock order: the gate, then one list's lock. A thread that holds a list's lock only tries
 * another's.
 *
 * Frames move only under some list's lock, so while no thread holds one, all lists are *at rest*.
 * sweep() needs that. It closes the gate, then takes and releases each list's lock once, instead of
 * holding up to 256 locks. A thread that takes a list's lock later sees that the gate is closed,
 * and waits for the gate.
 */
#ifndef EXMAP_CORE_POOL_H
#define EXMAP_CORE_POOL_H

#include "core/platform.h"

struct exmap_pool;

#define EXMAP_BUNDLE_FRAMES 512
#define EXMAP_MAX_INTERFACES 256
#define EXMAP_NO_BUNDLE U32_MAX

/**
 * struct exmap_bundle - up to 512 free frames
 * @count: number of frames
 * @next:  if the bundle is in a stack, index of the bundle below it or EXMAP_NO_BUNDLE. Atomic: a
 *         thread that loses the race for a pop reads it while the winner may be pushing the bundle
 *         elsewhere
 * @frame: the frames; the last one put is the first one taken
 *
 * @count and @frame belong to the list that holds the bundle, and are protected by its lock. Those
 * of a bundle in a stack do not change.
 */
struct exmap_bundle {
	u32 count;
	u32 next;
	u32 frame[EXMAP_BUNDLE_FRAMES];
} exmap_cacheline_aligned;

/**
 * struct exmap_stack - a lock-free stack of bundles
 * @head: low half: index of the top bundle, or EXMAP_NO_BUNDLE. High half: a tag that each push and
 *        pop increases, so that an exchange with a stale head fails even if the same bundle is on
 *        top again (no ABA). Atomic
 */
struct exmap_stack {
	u64 head;
} exmap_cacheline_aligned;

/**
 * struct exmap_list - one interface's free frames
 * @lock:   protects all fields below and the two bundles. While the gate is closed, the thread that
 *          closed it may change them without
 * @loaded: the bundle that gets take from and puts add to
 * @spare:  the other bundle; swapped with @loaded when that is empty (get) or full (put)
 * @free:   number of frames in both. Thieves read it atomically without @lock
 * @victim: the list from which this one last stole
 * @steals: number of times that this list stole. Statistics read it without @lock
 * @random: state of the generator that picks lists to steal from
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
 * struct exmap_keeper - what keeps the free frames in place of the lists and the depot
 * @get:   exmap_pool_get(), with the same promise
 * @put:   exmap_pool_put()
 * @reset: exmap_pool_reset()
 * @count: exmap_pool_count()
 *
 * In user space, for orders in which the lists would not hand frames out. The kernel has none.
 */
struct exmap_keeper {
	u32 (*get)(struct exmap_pool *pool, u32 list, u32 *frames, u32 n);
	void (*put)(struct exmap_pool *pool, u32 list, const u32 *frames, u32 n);
	void (*reset)(struct exmap_pool *pool);
	u64 (*count)(struct exmap_pool *pool);
};

/**
 * struct exmap_pool - all frames of one exmap
 * @full:       the depot's stack of bundles with frames
 * @empty:      the depot's stack of empty bundles
 * @lists:      array of lists, one for each interface
 * @bundles:    array of all bundles
 * @nr_lists:   number of lists
 * @nr_bundles: number of bundles
 * @nr_frames:  number of frames
 * @fill:       number of frames in each bundle after exmap_pool_init()
 * @gate:       held by the thread that has brought the lists to rest
 * @closed:     1 while the gate is closed. Atomic: written under @gate, read under a list's lock
 * @keeper:     user space: NULL, or what keeps the frames instead; set after exmap_pool_init()
 * @in_use:     EXMAP_CHECK builds only: 1 for each frame that is handed out. Atomic
 *
 * The pointers and numbers are constant after exmap_pool_init().
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
#ifndef __KERNEL__
	struct exmap_keeper *keeper;
#endif
#ifdef EXMAP_CHECK
	u8 *in_use;
#endif
};

/** exmap_keeper() - what keeps the frames of a pool; NULL if its lists and its depot do. */
static inline const struct exmap_keeper *exmap_keeper(const struct exmap_pool *pool)
{
#ifdef __KERNEL__
	return NULL;
#else
	return pool->keeper;
#endif
}

/**
 * exmap_pool_size() - the memory that a pool needs
 * @nr_frames: number of frames, at least 1
 * @nr_lists:  number of interfaces, 1 to EXMAP_MAX_INTERFACES
 *
 * Return: number of bytes to hand to exmap_pool_init(): at most about 8 for each frame, and 4 KiB
 * for each interface.
 */
size_t exmap_pool_size(u32 nr_frames, u32 nr_lists);

/**
 * exmap_pool_init() - make a pool in which every frame is free
 * @pool:      filled in
 * @memory:    exmap_pool_size() bytes, zeroed and 64-byte aligned. The caller owns this memory and
 *             keeps it until exmap_pool_destroy()
 * @nr_frames: as for exmap_pool_size()
 * @nr_lists:  as for exmap_pool_size()
 */
void exmap_pool_init(struct exmap_pool *pool, void *memory, u32 nr_frames, u32 nr_lists);

/**
 * exmap_pool_reset() - make every frame free, wherever it is now
 * @pool: the pool
 *
 * Caller: no other thread is in a function of the pool. No page is mapped to any frame.
 */
void exmap_pool_reset(struct exmap_pool *pool);

/** exmap_pool_destroy() - destroy the pool's locks; the caller may free its memory afterwards. */
void exmap_pool_destroy(struct exmap_pool *pool);

/**
 * exmap_pool_get() - take frames from the pool
 * @pool:   the pool
 * @list:   number of the calling interface
 * @frames: room for @n frames
 * @n:      number of frames wanted
 *
 * Thread-safety: any thread may call it at any time, for any list. May sleep.
 *
 * Return: number of frames taken; fewer than @n only if the pool had no more (the promise above).
 */
u32 exmap_pool_get(struct exmap_pool *pool, u32 list, u32 *frames, u32 n);

/**
 * exmap_pool_put() - give frames back to an interface's list
 * @pool:   the pool
 * @list:   number of the calling interface
 * @frames: the frames, to which no page is mapped any more
 * @n:      number of frames
 *
 * Thread-safety: as exmap_pool_get().
 */
void exmap_pool_put(struct exmap_pool *pool, u32 list, const u32 *frames, u32 n);

/**
 * exmap_pool_count() - number of free frames at one moment
 * @pool: the pool
 *
 * Brings all lists to rest meanwhile, so it is for tests and statistics. Thread-safety: as
 * exmap_pool_get().
 */
u64 exmap_pool_count(struct exmap_pool *pool);

#endif /* EXMAP_CORE_POOL_H */
