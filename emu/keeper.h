/* SPDX-License-Identifier: MIT */
/*
 * keeper.h - free frames under options quarantine=, shuffle= and steal=always
 *
 * The keeper takes the place of core/'s lists and depot. It has one lock and simple arrays: slow, and in
 * the same order each time. An interface's list is the frames that it has freed; the depot has those that
 * nobody freed yet.
 *
 *	              a frame comes from                                       which of these
 *	usually       the own list, the depot, other lists                     the latest
 *	steal=always  other lists, the depot, the own list                     the latest
 *	shuffle=SEED  as above                                                 any
 *
 * quarantine=N: a freed frame joins its list when N others were freed after it; or when no frame is
 * free otherwise, the oldest first. So an ALLOC fails only if no frame is free [4.7].
 */
#ifndef EXMAP_EMU_KEEPER_H
#define EXMAP_EMU_KEEPER_H

#include "core/pool.h"

/** emu_keeper_wanted() - whether one of the options is set. */
bool emu_keeper_wanted(void);

/**
 * emu_keeper_new() - have a keeper keep the frames of a pool
 * @pool: the pool, after exmap_pool_init(), which no other thread uses yet
 *
 * Return: false if out of memory.
 */
bool emu_keeper_new(struct exmap_pool *pool);

/** emu_keeper_free() - free a pool's keeper, if it has one; nobody uses the pool any more. */
void emu_keeper_free(struct exmap_pool *pool);

#endif /* EXMAP_EMU_KEEPER_H */
