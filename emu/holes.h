/* SPDX-License-Identifier: MIT */
/*
 * holes.h - how many mappings the allocated pages of a surface can come to need
 *
 * Each stretch of allocated pages is a mapping under strategy=mprotect, and so is each hole. FREE must
 * always find one for the hole that it makes, so ALLOC must count what FREE can make of its pages:
 * of a stretch of 10 pages 5 stretches of one page each, by every other page.
 *
 * The surface is cut into pairs of neighbouring pages. Two stretches never begin in one pair, because
 * at least one page is between them. So the pages need at most two mappings for each pair that has an
 * allocated page, and one more, whatever is freed.
 *
 * Pages of shadows have no frames: one that cannot become a hole may stay accessible, if it is dropped.
 * So for shadows the stretches that there are now are counted, which are far fewer if objects are
 * large, and a hole that would make too many is refused. A stretch ends with each 64 pages.
 *
 * Thread-safety: any thread, for pages that its call owns.
 */
#ifndef EXMAP_EMU_HOLES_H
#define EXMAP_EMU_HOLES_H

#include "core/platform.h"

struct emu_holes;

/** enum emu_holes_count - what is counted, two mappings for each */
enum emu_holes_count {
	EMU_COUNT_PAIRS,
	EMU_COUNT_STRETCHES,
};

/**
 * emu_holes_new() - begin to count, with no page allocated
 * @count:    what to count
 * @nr_pages: pages of the surface
 * @mappings: what its pages may need
 *
 * Return: NULL if out of memory.
 */
struct emu_holes *emu_holes_new(enum emu_holes_count count, u64 nr_pages, u64 mappings);

/** emu_holes_free() - @h may be NULL. */
void emu_holes_free(struct emu_holes *h);

/** emu_holes_most() - pages, each far from the next, that fit. */
u64 emu_holes_most(const struct emu_holes *h);

/**
 * emu_holes_add() - count pages that are about to be allocated
 *
 * Return: number of pages, from the first on, that fit and are counted. The others are not. Pages
 * that fit may be left out: up to 63, with others that do not fit.
 */
u64 emu_holes_add(struct emu_holes *h, u64 page, u64 len);

/**
 * emu_holes_remove() - count pages no longer: they are about to be hidden
 *
 * Return: number of pages, from the first on, that are counted no longer: all of them if pairs are
 * counted. The others must stay accessible.
 */
u64 emu_holes_remove(struct emu_holes *h, u64 page, u64 len);

#endif /* EXMAP_EMU_HOLES_H */
