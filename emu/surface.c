// SPDX-License-Identifier: MIT
/* surface.c - the mapping and its page table; see surface.h */

#define _GNU_SOURCE
#include "emu/surface.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "emu/generation.h"
#include "emu/hidden_fd.h"
#include "emu/device.h"
#include "emu/disturb.h"
#include "emu/memcheck.h"
#include "emu/options.h"
#include "emu/rcu.h"
#include "emu/say.h"
#include "emu/sys.h"

static int create_table(struct emu_surface *s)
{
	long ret = emu_hide_fd(
		emu_sys(SYS_memfd_create, "exmap page table", MFD_CLOEXEC | MFD_ALLOW_SEALING));

	if (ret < 0)
		return ret;
	s->table_fd = ret;
	s->table_len = emu_pages_len(s->core.nr_pages * sizeof(u64));
	ret = emu_sys(SYS_ftruncate, s->table_fd, s->table_len);
	if (ret < 0)
		return ret;
	s->core.table = emu_fenced_map(s->table_len, s->table_fd);
	if (!s->core.table)
		return -ENOMEM;
	emu_sys(SYS_madvise, s->core.table, s->table_len, MADV_DONTFORK);
	/* Until blocks are touched: see dump.h. */
	emu_sys(SYS_madvise, s->core.table, s->table_len, MADV_DONTDUMP);
	/* A client's mprotect() must not make an export writable. This mapping stays writable. */
	emu_sys(SYS_fcntl, s->table_fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE);

	s->touched_len = s->core.nr_pages / EXMAP_BLOCK_PAGES / 8 + 8;
	s->core.touched = emu_fenced_alloc(s->touched_len);
	return s->core.touched ? 0 : -ENOMEM;
}

static void free_surface(struct emu_surface *s)
{
	if (s->mover)
		s->mover->release(s);
	emu_fenced_free(s->core.table, s->table_len);
	emu_fenced_free(s->core.touched, s->touched_len);
	emu_close_hidden(s->table_fd);
	emu_fenced_free(s, sizeof(*s));
}

int emu_surface_protect(struct emu_surface *s, int prot)
{
	int ret;

	if (prot & PROT_WRITE && !s->may_write)
		return -EACCES;
	ret = s->mover->protect(s, prot);
	if (ret)
		return ret;
	exmap_store(&s->prot, prot);
	exmap_surface_protect(&s->core, prot & PROT_WRITE, prot & PROT_EXEC);
	return 0;
}

int emu_surface_create(struct exmap_device *dev, void *addr, size_t len, int prot, int flags,
		       int (*choose)(struct emu_surface *s), struct emu_surface **out)
{
	struct emu_surface *s = emu_fenced_alloc(sizeof(*s));
	void *base;
	int ret;

	if (!s)
		return -ENOMEM;
	s->core.blocks = s->blocks;
	s->core.exmap = &dev->core;
	s->dev = dev;
	s->len = len;
	s->core.nr_pages = len >> EXMAP_PAGE_SHIFT;
	s->generation = emu_generation();
	s->present = emu_generation_page();
	s->uffd = s->advice_fd = s->table_fd = -1;
	s->may_write = true;
	s->prot = prot;
	s->core.present_bits = exmap_present_bits(prot & PROT_WRITE, prot & PROT_EXEC);

	emu_start_marking();
	/*
	 * With junk=1 a page of an ended shadow would still show what was there. With inject= a call
	 * that runs out of memory would end shadows, and then not fail.
	 */
	s->core.keep_shadows = emu_options()->strict_shadows || emu_options()->junk ||
					       emu_marks() || emu_options()->inject.nr ?
				       0 :
				       EMU_KEPT_PAGES;
	ret = create_table(s);
	if (ret)
		goto fail;
	base = emu_fence_place(addr, len, flags, &s->fence);
	if (emu_is_error(base)) {
		ret = (long)base;
		goto fail;
	}
	s->core.base = (uintptr_t)base;
	ret = choose(s);
	if (!ret)
		ret = s->mover->protect(s, prot);
	if (ret) {
		emu_fence_unmap(base, len, &s->fence);
		goto fail;
	}
	s->core.ops = emu_ops(s);
	emu_mark_unused(base, len);
	*out = s;
	return 0;

fail:
	if (ret == -EMFILE || ret == -ENFILE)
		emu_say("mmap: no descriptor is left for a surface (%s); close some, or raise ulimit -n",
			strerrorname_np(-ret));
	else if (ret != -EEXIST && ret != -EINVAL && ret != -EPERM)
		emu_say("mmap: cannot map a surface of %zu bytes (%s); map a smaller one, "
			"raise ulimit -v, or set vm.overcommit_memory=0",
			len, strerrorname_np(-ret));
	free_surface(s);
	return ret;
}

void emu_surface_forget_marks(const struct emu_surface *s)
{
	u64 nr_blocks = (s->core.nr_pages + EXMAP_BLOCK_PAGES - 1) / EXMAP_BLOCK_PAGES;

	/* Only where pages were used: the whole surface may be a terabyte. */
	for (u64 block = 0; emu_marks() && block < nr_blocks; block++) {
		u64 page = block * EXMAP_BLOCK_PAGES;

		if (exmap_block_touched(&s->core, block))
			emu_mark_gone(emu_page_address(&s->core, page),
				      EXMAP_MIN(s->core.nr_pages - page, (u64)EXMAP_BLOCK_PAGES)
					      << EXMAP_PAGE_SHIFT);
	}
}

void emu_surface_destroy(struct emu_surface *s)
{
	struct exmap_run run;
	u64 pos = 0;

	/* The client's export of the table stays mapped, and must show no pages any more. */
	while (s->exported && exmap_next_run(&s->core, EXMAP_WORD_PRESENT | EXMAP_WORD_SHADOW, &pos,
					     s->core.nr_pages, &run))
		memset(&s->core.table[run.page], 0, run.len * sizeof(u64));
	if (!emu_rcu_may_wait())
		return;
	emu_rcu_synchronize();
	free_surface(s);
}
