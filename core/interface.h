/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* interface.h - one interface: what its calls need, and what they have done */
#ifndef EXMAP_CORE_INTERFACE_H
#define EXMAP_CORE_INTERFACE_H

#include "core/pool.h"
#include "core/surface.h"

#define EXMAP_BATCH_RUNS 512
#define EXMAP_BATCH_FRAMES 512

/**
 * struct exmap_counts - what an interface has done; grows only
 * @actions:    ALLOC, FREE and read calls that did something
 * @allocated:  pages mapped
 * @freed:      pages unmapped
 * @bytes_read: bytes read from the backing
 *
 * Written under the interface's lock with atomic stores, read by anybody.
 */
struct exmap_counts {
	u64 actions;
	u64 allocated;
	u64 freed;
	u64 bytes_read;
};

/**
 * struct exmap_interface - one interface
 * @lock:     serialises the calls on it [4.10]; protects everything below
 * @id:       its number, and its list in the pool; constant
 * @user:     the page shared with the client; constant. Its content is hostile: each vector is
 *            read once, and what was read is checked and done
 * @pool:     where its frames come from and go to; constant
 * @counts:   see above
 * @nr_runs:  runs of the batch, the pages that the call owns now
 * @nr_pages: pages of these runs
 * @runs:     the runs, in the order of their vectors
 * @frames:   frames on their way between pool and table
 * @result:   results of the call's vectors
 */
struct exmap_interface {
	exmap_lock_t lock;
	u32 id;
	struct exmap_user_interface *user;
	struct exmap_pool *pool;
	struct exmap_counts counts;
	u32 nr_runs;
	u64 nr_pages;
	struct exmap_run runs[EXMAP_BATCH_RUNS];
	u32 frames[EXMAP_BATCH_FRAMES];
	struct exmap_iov result[EXMAP_USER_INTERFACE_PAGES];
} exmap_cacheline_aligned;

/** exmap_count() - add to a counter of struct exmap_counts. */
static inline void exmap_count(u64 *counter, u64 n)
{
	exmap_store(counter, *counter + n);
}

#endif /* EXMAP_CORE_INTERFACE_H */
