/* SPDX-License-Identifier: MIT */
/* mover_move_read.h - READ by MOVE */
#ifndef EXMAP_EMU_MOVER_MOVE_READ_H
#define EXMAP_EMU_MOVER_MOVE_READ_H

#include "core/surface.h"

/** emu_move_fill() - the fill op of emu_mover_move; see struct exmap_surface_ops. */
s64 emu_move_fill(struct exmap_surface *core, u32 id, u64 page, u32 len);

#endif /* EXMAP_EMU_MOVER_MOVE_READ_H */
