/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * action.h - what ALLOC, FREE and READ mean
 *
 * One interface's calls, over the pool and the surface. Here live the rules of
 * docs/spec.md, sections 4 and 5; how a page appears is the surface's business.
 *
 * A call owns the pages of one batch of runs at a time. When it meets a page
 * that is BUSY it first finishes its own batch, so that it owns nothing, and
 * only then waits: two calls can never wait for each other.
 */
#ifndef EXMAP_CORE_ACTION_H
#define EXMAP_CORE_ACTION_H

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
 * @lock:    serialises the calls on it [4.10]; protects everything below
 * @id:      its number, and its list in the pool; constant
 * @user:    the page shared with the client; constant. Its content is hostile:
 *           what was checked is what is done, whatever is there by then.
 * @counts:  see above
 * @nr_runs: runs of the batch that the call owns now
 * @nr_pages: their pages
 * @runs:    these runs, in the order of their vectors
 * @frames:  frames on their way between pool and table
 * @result:  results of the action's vectors
 */
struct exmap_interface {
	exmap_lock_t lock;
	u32 id;
	struct exmap_user_interface *user;
	struct exmap_counts counts;
	u32 nr_runs;
	u64 nr_pages;
	struct exmap_run runs[EXMAP_BATCH_RUNS];
	u32 frames[EXMAP_BATCH_FRAMES];
	struct exmap_iov result[EXMAP_USER_INTERFACE_PAGES];
} exmap_cacheline_aligned;

/** exmap_result() - a result's whole word: its upper 16 bits are no field's, and zero [4.2]. */
static inline u64 exmap_result(s32 res, u16 pages)
{
	return (u32)res | (u64)pages << 32;
}

/**
 * exmap_action() - do @iov_len vectors
 * @ifc:     the interface, locked
 * @pool:    where frames come from and go to
 * @s:       the surface
 * @iov:     where the vectors are read, and the results are written, each once:
 *           the interface's page, or @ifc->result
 * @opcode:  EXMAP_OP_ALLOC or EXMAP_OP_FREE, checked by the caller
 * @iov_len: 1 to EXMAP_USER_INTERFACE_PAGES, checked by the caller
 *
 * Return: number of vectors with a negative result [4.3], or -EPROTO if the surface
 * went while the call waited; then no result is written.
 */
int exmap_action(struct exmap_interface *ifc, struct exmap_pool *pool, struct exmap_surface *s,
		 struct exmap_iov *iov, unsigned int opcode, unsigned int iov_len);

/**
 * exmap_alloc_bytes() - ALLOC of a range of bytes, as one of any length [7.5]
 * @range: of surface memory, in the caller's own memory
 *
 * As exmap_action() for the rest. Return: bytes newly mapped, or a negative errno.
 */
int exmap_alloc_bytes(struct exmap_interface *ifc, struct exmap_pool *pool, struct exmap_surface *s,
		      const struct iovec *range);

/**
 * exmap_read() - map ranges of bytes, and fill them
 * @ifc:    the interface, locked
 * @pool:   where frames come from
 * @s:      the surface
 * @opcode: EXMAP_OP_READ or EXMAP_OP_ALLOC, checked by the caller
 * @iov:    ranges of surface memory, in the caller's own memory
 * @nr_iov: how many
 *
 * Return: bytes, or a negative errno [5.2-5.6].
 */
s64 exmap_read(struct exmap_interface *ifc, struct exmap_pool *pool, struct exmap_surface *s,
	       unsigned int opcode, const struct iovec *iov, unsigned int nr_iov);

/* batch.c, for action.c and read.c. Caller holds the interface's lock. */

static inline void exmap_count(u64 *counter, u64 n)
{
	exmap_store(counter, *counter + n);
}

/**
 * exmap_batch_map() - give frames to the pages of the batch and map them
 * @failed_vec: set to the vector of the first page that got none
 *
 * Pages that could not be mapped are EMPTY again; the runs that remain in the
 * batch are mapped but still BUSY.
 *
 * Return: true if every page was mapped.
 */
bool exmap_batch_map(struct exmap_interface *ifc, struct exmap_pool *pool, struct exmap_surface *s,
		     u32 *failed_vec);

/**
 * exmap_batch_give_frames() - give frames to the pages of the batch
 *
 * Return: how many pages got one, in the order of the runs.
 */
u64 exmap_batch_give_frames(struct exmap_interface *ifc, struct exmap_pool *pool,
			    struct exmap_surface *s);

/**
 * exmap_batch_trim() - give up all pages of the batch behind the first @keep
 *
 * They are not mapped; their frames go back, their words become EMPTY.
 */
void exmap_batch_trim(struct exmap_interface *ifc, struct exmap_pool *pool, struct exmap_surface *s,
		      u64 keep, u32 *failed_vec);

/** exmap_batch_publish() - the mapped pages of the batch become PRESENT. */
void exmap_batch_publish(struct exmap_interface *ifc, struct exmap_surface *s);

/**
 * exmap_batch_retire() - the pages of the batch have vanished: give their frames back
 *
 * A page that the surface had to keep is PRESENT again, and does not count [4.11].
 */
void exmap_batch_retire(struct exmap_interface *ifc, struct exmap_pool *pool,
			struct exmap_surface *s);

#endif /* EXMAP_CORE_ACTION_H */
