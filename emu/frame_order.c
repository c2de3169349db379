// SPDX-License-Identifier: MIT
/* frame_order.c - see frame_order.h */

#include "emu/frame_order.h"

#include <string.h>

#include "core/call.h"

/* Frames in more pieces than this are left as they are: short pieces do not repay the sorting. */
#define MAX_PIECES 32

/* @len neighbouring frames, the lowest of which is @first; they begin at frames[@start]. */
struct piece {
	u32 first;
	u32 start;
	u32 len;
};

/* Finds the pieces and sorts them by frame. Return: their number; 0 if there are too many. */
static u32 find_pieces(const u32 *frames, u32 n, struct piece *pieces)
{
	u32 nr = 0;
	u32 len;

	for (u32 i = 0; i < n; i += len) {
		u32 at = nr++;

		if (nr > MAX_PIECES)
			return 0;
		for (len = 1; i + len < n && frames[i + len] == frames[i] + len;)
			len++;
		for (; at && pieces[at - 1].first > frames[i]; at--)
			pieces[at] = pieces[at - 1];
		pieces[at] = (struct piece){ .first = frames[i], .start = i, .len = len };
	}
	return nr;
}

/* Whether the frames are one piece, as usual. Without a branch, so that it is vectorised. */
static bool is_one_piece(const u32 *frames, u32 n)
{
	u32 differ = 0;

	for (u32 i = 1; i < n; i++)
		differ |= frames[i] ^ (frames[0] + i);
	return !differ;
}

void emu_order_frames(struct exmap_surface *core, u32 *frames, u32 n)
{
	struct piece pieces[MAX_PIECES];
	u32 old[EXMAP_BATCH_FRAMES];
	u32 nr;

	(void)core;
	if (exmap_likely(is_one_piece(frames, n)))
		return;
	nr = find_pieces(frames, n, pieces);
	memcpy(old, frames, n * sizeof(*frames));
	for (u32 i = 0; i < nr; i++) {
		memcpy(frames, old + pieces[i].start, pieces[i].len * sizeof(*frames));
		frames += pieces[i].len;
	}
}
