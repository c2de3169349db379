/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* pages.h - how pages of the surface appear and vanish */
#ifndef EXMAP_KMOD_PAGES_H
#define EXMAP_KMOD_PAGES_H

#include "vma.h"

/** exmap_surface_ops - the module's struct exmap_surface_ops, which core/ calls. */
extern const struct exmap_surface_ops exmap_surface_ops;

/**
 * exmap_clear_range() - remove all pages of a range without FREE, and free their frames; end all
 * shadows of the surface, wherever they are [8.8]
 * @s:     the surface
 * @start: first address, page-aligned, inside the surface
 * @end:   the address behind the range
 *
 * Caller: has stopped all calls and holds the device's lock.
 */
void exmap_clear_range(struct exmap_vma *s, unsigned long start, unsigned long end);

/**
 * exmap_read_chunk() - read the backing, and step out meanwhile
 * @s:    the surface
 * @port: the interface; its @bvec has the pages to fill
 * @page: where to begin, in pages of the backing
 * @len:  number of pages, at most EXMAP_FILL_PAGES
 *
 * The rest of the page in which the backing ends becomes zero.
 *
 * Return: number of bytes, or a negative errno: EPROTO if the surface was unmapped meanwhile.
 */
s64 exmap_read_chunk(struct exmap_vma *s, struct exmap_port *port, u64 page, u32 len);

/** exmap_fill_page() - have the next exmap_read_chunk() fill page @i of the chunk. */
static inline void exmap_fill_page(struct exmap_port *port, u32 i, struct page *page)
{
	port->bvec[i].bv_page = page;
	port->bvec[i].bv_len = PAGE_SIZE;
	port->bvec[i].bv_offset = 0;
}

#endif /* EXMAP_KMOD_PAGES_H */
