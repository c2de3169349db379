// SPDX-License-Identifier: MIT
/*
 * read_again.c - READ of pages that are mapped, in the LeanStore dialect: the ops fetch and store
 *
 * The backing is read into the interface's bounce buffer and copied from there. So a read that fails
 * leaves the content of the pages as it was.
 */

#define _GNU_SOURCE
#include <string.h>

#include "emu/backing.h"
#include "emu/mover.h"

s64 emu_fetch(struct exmap_surface *core, u32 id, u64 page, u32 len)
{
	const struct emu_surface *s = emu_surface_of(core);
	char *bounce = emu_bounce(s, id);
	struct iovec range = { bounce, (size_t)len << EXMAP_PAGE_SHIFT };
	s64 ret = emu_backing_read(s->dev->backing_fd, &range, 1, page << EXMAP_PAGE_SHIFT);

	if (ret > 0)
		memset(bounce + ret, 0, emu_pages_len(ret) - ret);
	return ret;
}

bool emu_store(struct exmap_surface *core, u32 id, const struct exmap_run *run, u32 from)
{
	const struct emu_surface *s = emu_surface_of(core);
	const char *bounce = emu_bounce(s, id) + ((size_t)from << EXMAP_PAGE_SHIFT);

	return !emu_copy_over(s, emu_page_address(core, run->page), bounce,
			      (size_t)run->len << EXMAP_PAGE_SHIFT);
}
