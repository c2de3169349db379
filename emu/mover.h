/* SPDX-License-Identifier: MIT */
/*
 * mover.h - ways to make pages of a surface appear and vanish, and what they share
 *
 * A mover serves core/'s ops with system calls. Its calls on one surface run in
 * parallel, one for each interface at most; what they may look at without a lock
 * are the pages they own, whose words are BUSY, and those pages' frames.
 */
#ifndef EXMAP_EMU_MOVER_H
#define EXMAP_EMU_MOVER_H

#include "emu/device.h"
#include "emu/surface.h"

extern const struct emu_mover emu_mover_move;
extern const struct emu_mover emu_mover_copy;
extern const struct emu_mover emu_mover_mprotect;

/**
 * emu_next_span() - the next run, merged with those behind it that continue it
 * @i: where to go on; 0 at first
 *
 * Clients pass neighbours as single pages; one call for all is what is fast.
 */
static inline bool emu_next_span(const struct exmap_run *runs, u32 nr_runs, u32 *i,
				 struct exmap_run *span)
{
	if (*i == nr_runs)
		return false;
	*span = runs[(*i)++];
	while (*i < nr_runs && runs[*i].page == span->page + span->len)
		span->len += runs[(*i)++].len;
	return true;
}

/** emu_touch() - the prepare op: note the blocks that pages of will be claimed in. */
bool emu_touch(struct exmap_surface *s, u64 page, u64 len);

/** emu_wait() - the wait op: a surface does not go while calls are on it. */
bool emu_wait(struct exmap_surface *s, u32 id, unsigned int round);

/** emu_zap_runs() - drop the pages of runs, or keep them. */
void emu_zap_runs(struct exmap_surface *s, const struct exmap_run *runs, u32 nr_runs);

/** emu_keep_run() - pages that were to vanish cannot: tell core/ in their words. */
void emu_keep_run(struct exmap_surface *s, const struct exmap_run *run);

/* By UFFDIO_COPY: for the movers that have a userfaultfd. */

int emu_copy_prepare(struct emu_surface *s);
int emu_copy_protect(struct emu_surface *s, int prot);
void emu_copy_release(struct emu_surface *s);

/** emu_copy_fresh() - pages appear, with no content to speak of. Return: how many did. */
u64 emu_copy_fresh(struct emu_surface *s, u64 page, u64 len);

/** emu_copy_in() - pages appear with content that is at @src. Return: bytes that did. */
size_t emu_copy_in(struct emu_surface *s, u64 page, const char *src, size_t len);

/** emu_bounce() - an interface's buffer of EMU_BOUNCE_SIZE, for its call. */
static inline char *emu_bounce(const struct emu_surface *s, u32 id)
{
	return s->dev->bounce + (size_t)id * EMU_BOUNCE_SIZE;
}

#endif /* EXMAP_EMU_MOVER_H */
