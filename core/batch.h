/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * batch.h - the batch: the runs of pages that a call owns, from claimed to mapped or free
 *
 * ALLOC  claimed -> give_frames -> ops->map()   -> publish: PRESENT
 * READ   claimed -> give_frames -> ops->fill()  -> publish: PRESENT
 * FREE   claimed -> ops->unmap()                -> retire:  EMPTY, frames back in the pool
 * a failure at any step                         -> trim:    EMPTY, frames back in the pool
 *
 * The batch is stored in the interface of the call.
 *
 * Thread-safety: the caller of each function here holds the interface's lock.
 */
#ifndef EXMAP_CORE_BATCH_H
#define EXMAP_CORE_BATCH_H

#include "core/call.h"

/**
 * exmap_batch_map() - give frames to the pages of the batch and map them
 * @call: the call that owns the pages
 *
 * If some pages cannot be mapped, for want of frames or of memory for page tables, they leave the
 * batch and become EMPTY, and the call's state becomes EXMAP_CALL_NO_FRAMES. The pages that remain
 * in the batch are mapped and still BUSY.
 */
void exmap_batch_map(struct exmap_call *call);

/**
 * exmap_batch_give_frames() - give frames to the pages of the batch
 * @call: the call that owns the pages
 *
 * Return: number of pages that got a frame, in the order of the runs; fewer than all if the pool
 * has no more frames.
 */
u64 exmap_batch_give_frames(struct exmap_call *call);

/**
 * exmap_batch_trim() - give up all pages of the batch but the first @keep
 * @call: the call; the pages that are given up are not mapped
 * @keep: number of pages that remain
 *
 * The frames of the pages that are given up go back to the pool, and their words become EMPTY.
 *
 * Return: the vector of the first page that was given up; EXMAP_USER_INTERFACE_PAGES if none was.
 */
u32 exmap_batch_trim(struct exmap_call *call, u64 keep);

/**
 * exmap_batch_publish() - the pages of the batch, which are mapped now, become PRESENT
 * @call: the call that owns the pages
 *
 * Counts each page in the result of its vector. The batch is empty afterwards.
 */
void exmap_batch_publish(struct exmap_call *call);

/**
 * exmap_batch_retire() - the pages of the batch, which are unmapped now, become EMPTY
 * @call: the call that owns the pages
 *
 * Gives their frames to the pool, and counts each page in the result of its vector. A page that
 * ops->unmap() had to keep becomes PRESENT again and is not counted [4.11]. The batch is empty
 * afterwards.
 */
void exmap_batch_retire(struct exmap_call *call);

/**
 * exmap_batch_check() - in EXMAP_CHECK builds: assert that the batch is consistent
 * @call: the call that owns the pages
 *
 * Its runs are in the order of their vectors, inside the surface, and all their words are BUSY.
 */
#ifdef EXMAP_CHECK
void exmap_batch_check(const struct exmap_call *call);
#else
static inline void exmap_batch_check(const struct exmap_call *call)
{
	(void)call;
}
#endif

#endif /* EXMAP_CORE_BATCH_H */
