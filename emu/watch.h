/* SPDX-License-Identifier: MIT */
/*
 * watch.h - whether anybody wants to know what calls do
 *
 * A call tests emu_watching once, which costs a load and a branch, and only then tells more.
 */
#ifndef EXMAP_EMU_WATCH_H
#define EXMAP_EMU_WATCH_H

#include <stdbool.h>

#include "core/platform.h"

/** EMU_WATCH_HISTORY - history.h keeps the latest actions of each interface. */
#define EMU_WATCH_HISTORY (1u << 0)
/** EMU_WATCH_NOTES - notes.h looks at the results of actions. */
#define EMU_WATCH_NOTES (1u << 1)
/** EMU_WATCH_WRITEBACK - writeback.h compares pages with the backing. */
#define EMU_WATCH_WRITEBACK (1u << 2)
/** EMU_WATCH_TRACE - trace.h records all calls. */
#define EMU_WATCH_TRACE (1u << 3)
/** EMU_WATCH_YIELD - yield.h lets other threads run in the middle of calls. */
#define EMU_WATCH_YIELD (1u << 4)

/* Who watches: EMU_WATCH_*. Written when the options are read, then constant; atomic. */
extern unsigned int emu_watching __attribute__((visibility("hidden")));

/** emu_watched() - whether one of @who watches. */
static inline bool emu_watched(unsigned int who)
{
	return exmap_unlikely(exmap_load(&emu_watching) & who);
}

#endif /* EXMAP_EMU_WATCH_H */
