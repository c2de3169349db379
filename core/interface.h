/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* interface.h - one interface: its batch, its counters and its results */
#ifndef EXMAP_CORE_INTERFACE_H
#define EXMAP_CORE_INTERFACE_H

#include "core/pool.h"
#include "core/surface.h"

/* The most runs of a batch, and the most frames on their way between pool and table. */
#define EXMAP_BATCH_RUNS 512
#define EXMAP_BATCH_FRAMES 512

/* The most ranges of targets that an interface has shadows on at one time [8.5]. */
#define EXMAP_SHADOW_RANGES 1024

/* The most ranges of pages of ended shadows that an interface leaves mapped. */
#define EXMAP_KEPT_RANGES 16

/** struct exmap_range - neighbouring pages: the first, and their number. */
struct exmap_range {
	u64 page;
	u64 len;
};

/**
 * struct exmap_counts - what an interface has done so far; the numbers never fall
 * @actions:    number of calls: ALLOC, FREE and read
 * @allocated:  number of pages mapped
 * @freed:      number of pages unmapped by FREE
 * @bytes_read: number of bytes read from the backing
 * @largest:    the most pages of one batch
 *
 * Written by atomic stores under the interface's lock. Read atomically by any thread.
 */
struct exmap_counts {
	u64 actions;
	u64 allocated;
	u64 freed;
	u64 bytes_read;
	u64 largest;
};

/**
 * struct exmap_interface - one interface
 * @lock:     held by a call on the interface [4.10]; protects all fields that are not constant
 * @id:       the interface's number, which is also the number of its list in the pool. Constant
 * @leanstore: as in struct exmap. Constant
 * @user:     the page that the client shares. The pointer is constant. The client may write the
 *            page at any time, so each vector is read once, and the copy is checked and performed
 * @pool:     the pool of the exmap. Constant
 * @counts:   see struct exmap_counts
 * @nr_runs:  number of runs in the batch
 * @nr_pages: number of pages in these runs
 * @runs:     the batch: the runs of pages that the call owns, in the order of their vectors
 * @frames:   frames on their way between pool and table
 * @result:   results of the call's vectors, until they are copied to the client. SHADOW: copies of
 *            its vectors
 * @nr_shadows: number of ranges in @shadows
 * @nr_kept:    number of ranges in @kept. Read atomically without @lock
 * @kept_pages: number of pages in these ranges
 * @shadows:    the targets of SHADOW since the last RM_SD, in the order of the calls. Not each page
 *              in them is a shadow of this interface: its word tells
 * @kept:       where pages of ended shadows may still be mapped, see core/shadow.h
 *
 * The module releases @lock while a call waits or reads the backing, but lets no other call on the
 * interface begin meanwhile (kmod/entry.h). So all fields still belong to that call.
 */
struct exmap_interface {
	exmap_lock_t lock;
	u32 id;
	bool leanstore;
	struct exmap_user_interface *user;
	struct exmap_pool *pool;
	struct exmap_counts counts;
	u32 nr_runs;
	u64 nr_pages;
	struct exmap_run runs[EXMAP_BATCH_RUNS];
	u32 frames[EXMAP_BATCH_FRAMES];
	struct exmap_iov result[EXMAP_USER_INTERFACE_PAGES];
	u32 nr_shadows;
	u32 nr_kept;
	u64 kept_pages;
	struct exmap_range shadows[EXMAP_SHADOW_RANGES];
	struct exmap_range kept[EXMAP_KEPT_RANGES];
} exmap_cacheline_aligned;

/** exmap_count() - add @n to a counter of struct exmap_counts; the interface's lock is held. */
static inline void exmap_count(u64 *counter, u64 n)
{
	exmap_store(counter, *counter + n);
}

/** exmap_count_batch() - exmap_count() the @n pages of a batch; the interface's lock is held. */
static inline void exmap_count_batch(struct exmap_counts *counts, u64 *counter, u64 n)
{
	exmap_count(counter, n);
	if (exmap_unlikely(n > counts->largest))
		exmap_store(&counts->largest, n);
}

#endif /* EXMAP_CORE_INTERFACE_H */
