/* SPDX-License-Identifier: MIT */
/* frame_order.h - sort the frames of a call, so that one UFFDIO_MOVE takes more of them */
#ifndef EXMAP_EMU_FRAME_ORDER_H
#define EXMAP_EMU_FRAME_ORDER_H

#include "core/surface.h"

/**
 * emu_order_frames() - the order op: bring neighbouring frames side by side
 * @core:   not used
 * @frames: frames that a call is about to give to pages, all different
 * @n:      number of frames, at most EXMAP_BATCH_FRAMES
 *
 * A pool hands frames out as they were freed: some neighbours from one thread, then some from
 * another. One MOVE takes one piece, which is frames f, f+1, f+2 ... in this order. Example:
 * 8 9 2 3 4 10 becomes 2 3 4 8 9 10, which is two pieces and not three. Frames in very many
 * pieces are left as they are. Any thread.
 */
void emu_order_frames(struct exmap_surface *core, u32 *frames, u32 n);

#endif /* EXMAP_EMU_FRAME_ORDER_H */
