/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * shadow.h - a shadow is its source's frame, mapped a second time
 *
 * The word of a shadow names the frame, and the shadow holds a reference to the frame's page. So a
 * FREE of the source finds that page pinned, and keeps it [8.7].
 */
#ifndef EXMAP_KMOD_SHADOW_H
#define EXMAP_KMOD_SHADOW_H

#include "vma.h"

/** exmap_vma_shadow() - the op shadow of struct exmap_surface_ops. May sleep. */
bool exmap_vma_shadow(struct exmap_surface *core, u32 id, const struct exmap_run *runs,
		      u32 nr_runs);

/** exmap_vma_unshadow() - the op unshadow of struct exmap_surface_ops. */
void exmap_vma_unshadow(struct exmap_surface *core, u32 id, const struct exmap_run *runs,
			u32 nr_runs);

/**
 * exmap_clear_shadows() - clear the page-table entries of all shadows
 * @s: the surface
 *
 * Caller: has stopped all calls and holds the device's lock. Flushes the TLB if the return value is
 * not 0, then calls exmap_put_shadows(), before it gives a frame another page.
 *
 * Return: number of shadows.
 */
u64 exmap_clear_shadows(struct exmap_vma *s);

/** exmap_put_shadows() - give up the pages of the shadows whose entries were cleared. */
void exmap_put_shadows(struct exmap_vma *s);

#endif /* EXMAP_KMOD_SHADOW_H */
