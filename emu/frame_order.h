/* SPDX-License-Identifier: MIT */
/* frame_order.h - neighbouring frames side by side, so that their pages move together */
#ifndef EXMAP_EMU_FRAME_ORDER_H
#define EXMAP_EMU_FRAME_ORDER_H

#include "core/surface.h"

/**
 * emu_order_frames() - join pieces of neighbouring frames
 * @frames: all different; put in ascending order if they are few pieces, else left
 * @n:      how many, at most EXMAP_BATCH_FRAMES
 *
 * A pool whose frames pass from interface to interface hands them out as they were freed: a
 * piece of one thread's, then one of another's. One call of MOVE takes one piece.
 */
void emu_order_frames(struct exmap_surface *core, u32 *frames, u32 n);

#endif /* EXMAP_EMU_FRAME_ORDER_H */
