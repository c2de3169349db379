/* SPDX-License-Identifier: MIT */
/*
 * mover.h - ways to make pages of a surface appear and vanish, and what they share
 *
 * A mover implements core/'s ops by system calls. Ops of different interfaces run in parallel on
 * one surface; ops of one interface do not. An op may touch only the pages that its call owns,
 * which are those it is given, and whose words are BUSY, and the frames and slots of these.
 */
#ifndef EXMAP_EMU_MOVER_H
#define EXMAP_EMU_MOVER_H

#include "emu/device.h"
#include "emu/surface.h"

extern const struct emu_mover emu_mover_move;
extern const struct emu_mover emu_mover_copy;
extern const struct emu_mover emu_mover_guard;
extern const struct emu_mover emu_mover_mprotect;

/**
 * emu_next_span() - merge the next run with the runs behind it that continue it: a span
 * @i:    index of the next run, 0 at first; advanced behind the span
 * @span: set to the span; only its page and len are meant
 *
 * Clients pass neighbouring pages as single vectors. One system call for the whole span is much
 * faster than one for each. Example: runs 5, 6-7, 9 give spans 5-7 and 9.
 *
 * Return: false if there are no more runs.
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

/** emu_touch() - the prepare op: mark the blocks of a range as touched. Return: true. */
bool emu_touch(struct exmap_surface *s, u64 page, u64 len);

/** emu_wait() - the wait op. Return: true, as a surface is not unmapped while calls are on it. */
bool emu_wait(struct exmap_surface *s, u32 id, unsigned int round);

/**
 * emu_span_ranges() - the address ranges of all spans of runs
 * @ranges: room for EXMAP_USER_INTERFACE_PAGES ranges
 *
 * Return: number of ranges.
 */
u32 emu_span_ranges(const struct exmap_surface *s, const struct exmap_run *runs, u32 nr_runs,
		    struct iovec *ranges);

/** emu_zap_runs() - drop the pages of runs. If the kernel refuses, keep all of them. */
void emu_zap_runs(struct exmap_surface *s, const struct exmap_run *runs, u32 nr_runs);

/** emu_keep_run() - tell core/, by EXMAP_WORD_PRESENT, that pages could not be unmapped. */
void emu_keep_run(struct exmap_surface *s, const struct exmap_run *run);

/**
 * emu_copy_over() - copy into pages of the surface that are mapped and BUSY
 * @to:   the first of them
 * @from: may become bad meanwhile
 * @size: bytes, a multiple of the page size
 *
 * Return: number of bytes that were not copied: 0, those from the first bad page on, or all if there
 * was no memory to make a read-only surface writable for a moment.
 */
size_t emu_copy_over(const struct emu_surface *s, void *to, const void *from, size_t size);

/**
 * emu_shadow() - the shadow op of all movers; in shadow.c
 *
 * The page of a shadow is a copy of its source. With a userfaultfd the kernel copies, from the source's
 * address; otherwise ops->map() makes the page appear, and the emulator copies into it.
 */
bool emu_shadow(struct exmap_surface *core, u32 id, const struct exmap_run *runs, u32 nr_runs);

/* read_again.c: the ops of all movers for pages that READ finds mapped. */

s64 emu_fetch(struct exmap_surface *core, u32 id, u64 page, u32 len);
bool emu_store(struct exmap_surface *core, u32 id, const struct exmap_run *run, u32 from);

/* mover_copy.c: what both movers that have a userfaultfd use. */

int emu_copy_prepare(struct emu_surface *s);
int emu_copy_protect(struct emu_surface *s, int prot);
void emu_copy_release(struct emu_surface *s);

/** emu_copy_fresh() - map @len pages with arbitrary content. Return: the number of pages mapped. */
u64 emu_copy_fresh(struct emu_surface *s, u64 page, u64 len);

/** emu_copy_unmap() - the unmap op of strategy=copy, and the unshadow op of both. */
void emu_copy_unmap(struct exmap_surface *core, u32 id, const struct exmap_run *runs, u32 nr_runs);

/**
 * emu_copy_in() - map pages with the content at @src
 * @len: bytes, a multiple of the page size
 *
 * Return: bytes mapped, fewer than @len after an error, which a line on stderr names once.
 */
size_t emu_copy_in(struct emu_surface *s, u64 page, const char *src, size_t len);

/** emu_bounce() - the bounce buffer of interface @id; only its call in progress may use it. */
static inline char *emu_bounce(const struct emu_surface *s, u32 id)
{
	return s->dev->bounce + (size_t)id * EMU_BOUNCE_SIZE;
}

#endif /* EXMAP_EMU_MOVER_H */
