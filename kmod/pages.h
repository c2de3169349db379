/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* pages.h - pages appear in and vanish from the surface */
#ifndef EXMAP_KMOD_PAGES_H
#define EXMAP_KMOD_PAGES_H

#include "vma.h"

/** exmap_surface_ops - what core/ calls. */
extern const struct exmap_surface_ops exmap_surface_ops;

/**
 * exmap_clear_range() - pages go without FREE: remove their entries, their frames return
 * @start: address, page-aligned, inside the surface
 * @end:   behind the last
 *
 * Caller: calls are stopped, the device's lock is held.
 */
void exmap_clear_range(struct exmap_vma *s, unsigned long start, unsigned long end);

#endif /* EXMAP_KMOD_PAGES_H */
