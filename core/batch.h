/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * batch.h - the runs of pages that a call owns, from claimed to mapped or free
 *
 *   ALLOC   claimed -> give_frames -> mapped by the surface -> publish: PRESENT
 *   READ    claimed -> give_frames -> filled by the surface -> publish: PRESENT
 *   FREE    claimed -> unmapped by the surface -> retire: EMPTY, frames back in the pool
 *   what fails         trim: EMPTY again, frames back in the pool
 *
 * The batch is in the call's interface, whose lock the caller of all these functions holds.
 */
#ifndef EXMAP_CORE_BATCH_H
#define EXMAP_CORE_BATCH_H

#include "core/call.h"

/**
 * exmap_batch_map() - give frames to the pages of the batch and map them
 *
 * Pages that could not be mapped are EMPTY again, and the call's state is EXMAP_CALL_NO_FRAMES. The
 * runs that remain in the batch are mapped, and still BUSY.
 */
void exmap_batch_map(struct exmap_call *call);

/**
 * exmap_batch_give_frames() - give frames to the pages of the batch
 *
 * Return: how many pages got one, in the order of the runs.
 */
u64 exmap_batch_give_frames(struct exmap_call *call);

/**
 * exmap_batch_trim() - give up all pages of the batch behind the first @keep
 *
 * These pages are not mapped. Their frames go back to the pool, their words become EMPTY.
 *
 * Return: the vector of the first page that was given up.
 */
u32 exmap_batch_trim(struct exmap_call *call, u64 keep);

/** exmap_batch_publish() - the mapped pages of the batch become PRESENT. */
void exmap_batch_publish(struct exmap_call *call);

/**
 * exmap_batch_retire() - the pages of the batch have vanished: give their frames back
 *
 * A page that the surface had to keep is PRESENT again, and does not count [4.11].
 */
void exmap_batch_retire(struct exmap_call *call);

/** exmap_batch_check() - in builds with EXMAP_CHECK: assert what holds of a batch. */
#ifdef EXMAP_CHECK
void exmap_batch_check(const struct exmap_call *call);
#else
static inline void exmap_batch_check(const struct exmap_call *call)
{
	(void)call;
}
#endif

#endif /* EXMAP_CORE_BATCH_H */
