/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* read_again.h - READ of pages that are mapped, in the LeanStore dialect [8.12] */
#ifndef EXMAP_KMOD_READ_AGAIN_H
#define EXMAP_KMOD_READ_AGAIN_H

#include "vma.h"

/** exmap_vma_fetch() - the op fetch of struct exmap_surface_ops. Sleeps. */
s64 exmap_vma_fetch(struct exmap_surface *core, u32 id, u64 page, u32 len);

/** exmap_vma_store() - the op store of struct exmap_surface_ops. */
bool exmap_vma_store(struct exmap_surface *core, u32 id, const struct exmap_run *run, u32 from);

/** exmap_free_buffer() - free what exmap_vma_fetch() has allocated for an interface. */
void exmap_free_buffer(struct exmap_port *port);

#endif /* EXMAP_KMOD_READ_AGAIN_H */
