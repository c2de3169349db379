/* SPDX-License-Identifier: MIT */
/*
 * mappings.h - the mappings that the process may have, for a strategy that needs one for each hole
 *
 * The kernel permits a process vm.max_map_count mappings, 65530 by default. A surface claims as many
 * as its frames could need at most, or what is left. What it did not get, it must do without: see
 * holes.h. Some are kept in reserve as mappings of nothing, which are given up when a FREE needs them,
 * because the program itself has used more since.
 *
 * Thread-safety: any thread. A forked child begins with nothing claimed and no reserve.
 */
#ifndef EXMAP_EMU_MAPPINGS_H
#define EXMAP_EMU_MAPPINGS_H

#include "core/platform.h"

/**
 * EMU_RESERVE_MAPPINGS - what one FREE may need at most
 *
 * A vector that leaves allocated pages on both sides of a hole adds two mappings.
 */
#define EMU_RESERVE_MAPPINGS (2 * EXMAP_USER_INTERFACE_PAGES)

/** emu_mappings_limit() - vm.max_map_count. */
u64 emu_mappings_limit(void);

/**
 * emu_mappings_claim() - claim mappings for a surface
 * @want: how many it could need
 *
 * Leaves an eighth of what is left to the program and to other exmaps. Opens files for a moment, so
 * outside calls on an exmap: another thread of the client's may just close or replace a descriptor.
 *
 * Return: number of mappings, at most @want, for emu_mappings_return().
 */
u64 emu_mappings_claim(u64 want);

/** emu_mappings_claim_more() - the same, by what was found when emu_mappings_claim() was last called */
u64 emu_mappings_claim_more(u64 want);

/** emu_mappings_return() - give back what was claimed. */
void emu_mappings_return(u64 n);

/** emu_reserve_fill() - make the reserve, if it is not there. Return: whether it is there now. */
bool emu_reserve_fill(void);

/** emu_reserve_use() - give the reserve up. Return: false if it is not there. */
bool emu_reserve_use(void);

/** emu_mappings_lock() - keep claims and reserve as they are, across fork(). */
void emu_mappings_lock(void);
void emu_mappings_unlock(void);

#endif /* EXMAP_EMU_MAPPINGS_H */
