// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * read_again.c - READ of pages that are mapped, in the LeanStore dialect
 *
 * Into a buffer first: while the backing is read the surface may be unmapped, and so no call may
 * own a page that is mapped. Few interfaces ever need a buffer, and then keep it.
 */

#include <linux/gfp.h>
#include <linux/highmem.h>

#include "pages.h"
#include "ptes.h"
#include "read_again.h"

s64 exmap_vma_fetch(struct exmap_surface *core, u32 id, u64 page, u32 len)
{
	struct exmap_vma *s = exmap_vma_of(core);
	struct exmap_port *port = exmap_port_of(s->dev->core.interfaces[id]);
	u32 i;

	for (i = 0; i < len; i++) {
		if (!port->buffer[i])
			port->buffer[i] = alloc_page(GFP_KERNEL_ACCOUNT);
		if (!port->buffer[i])
			return -ENOMEM;
		exmap_fill_page(port, i, port->buffer[i]);
	}
	return exmap_read_chunk(s, port, page, len);
}

bool exmap_vma_store(struct exmap_surface *core, u32 id, const struct exmap_run *run, u32 from)
{
	struct exmap_vma *s = exmap_vma_of(core);
	struct exmap_port *port = exmap_port_of(s->dev->core.interfaces[id]);
	u64 *word;
	u32 i;

	exmap_for_each_word(core, run, i, word)
		copy_highpage(exmap_frame_page(s, *word), port->buffer[from + i]);
	return true;
}

void exmap_free_buffer(struct exmap_port *port)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(port->buffer); i++) {
		if (port->buffer[i])
			__free_page(port->buffer[i]);
	}
}
