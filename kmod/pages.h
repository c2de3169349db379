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

#endif /* EXMAP_KMOD_PAGES_H */
