/* SPDX-License-Identifier: MIT */
/*
 * yield.h - option yield=P: other threads run while the emulator is in the middle of something
 *
 * With probability P the thread gives up its CPU at such a place, and at one of four of these it sleeps
 * for a moment. What another thread does meanwhile happens seldom otherwise.
 */
#ifndef EXMAP_EMU_YIELD_H
#define EXMAP_EMU_YIELD_H

#include "emu/watch.h"

/** EMU_NO_INTERFACE - for a place that belongs to no interface: SETUP, mmap() and munmap(). */
#define EMU_NO_INTERFACE 256

/** emu_yield_perhaps() - emu_yield() under option yield=. */
void emu_yield_perhaps(u32 id);

/** emu_yields() - how often threads of this process have yielded so far. Any thread. */
u64 emu_yields(void);

/**
 * emu_yield() - a place in the middle of something
 * @id: the interface whose call is there, or EMU_NO_INTERFACE
 *
 * Any thread; it may hold sleeping locks.
 */
static inline void emu_yield(u32 id)
{
	if (emu_watched(EMU_WATCH_YIELD))
		emu_yield_perhaps(id);
}

#endif /* EXMAP_EMU_YIELD_H */
