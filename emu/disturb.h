/* SPDX-License-Identifier: MIT */
/*
 * disturb.h - a surface whose calls are disturbed on purpose, so that bugs of the client show
 *
 * Its ops are the mover's, and around them
 *
 *	yield=P  other threads run: between claim and map, map and publish, unmap and retire (yield.h)
 *	junk=1   a pattern overwrites pages before they are unmapped
 *	inject=  faults (inject.h)
 *
 * With these options off a surface has the mover's own ops.
 */
#ifndef EXMAP_EMU_DISTURB_H
#define EXMAP_EMU_DISTURB_H

#include "emu/surface.h"

/** EMU_JUNK - each byte of a page under junk=1. */
#define EMU_JUNK 0xa5

/** emu_ops() - the ops for a surface that has its mover. */
const struct exmap_surface_ops *emu_ops(const struct emu_surface *s);

#endif /* EXMAP_EMU_DISTURB_H */
