// SPDX-License-Identifier: MIT
/*
 * mover_mprotect.c - pages appear and vanish by mprotect(); no userfaultfd
 *
 * For places that refuse userfaultfd: containers, record-and-replay debuggers, old versions of
 * valgrind. The surface is PROT_NONE except where pages are allocated, so a missing page raises
 * the SIGSEGV that the client expects. Each stretch of allocated pages is a VMA, and so is each
 * hole between two: vm.max_map_count, 65530 by default, limits both together.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "emu/advice.h"
#include "emu/backing.h"
#include "emu/device.h"
#include "emu/hidden_fd.h"
#include "emu/memcheck.h"
#include "emu/mover.h"
#include "emu/options.h"
#include "emu/say.h"
#include "emu/sys.h"

#define JUNK 0xa5

static int mprotect_prepare(struct emu_surface *s)
{
	s->advice_fd = emu_advice_fd();
	return 0;
}

static void mprotect_release(struct emu_surface *s)
{
	emu_close_hidden(s->advice_fd);
}

static int protect_range(void *addr, size_t len, int prot)
{
	long ret = emu_sys(SYS_mprotect, addr, len, prot);

	if (ret == -ENOMEM)
		emu_say_once("out of mappings: every hole between allocated pages is one under "
			     "strategy=mprotect; raise vm.max_map_count (sysctl), or permit "
			     "userfaultfd and use strategy=copy");
	return ret;
}

static int mprotect_protect(struct emu_surface *s, int prot)
{
	struct exmap_run run;
	u64 pos = 0;

	while (exmap_next_run(&s->core, EXMAP_WORD_PRESENT | EXMAP_WORD_SHADOW, &pos,
			      s->core.nr_pages, &run)) {
		int ret = protect_range(emu_page_address(&s->core, run.page),
					(size_t)run.len << EXMAP_PAGE_SHIFT, prot);

		if (ret)
			return ret;
	}
	return 0;
}

static u64 mprotect_map(struct exmap_surface *core, u32 id, const struct exmap_run *runs,
			u32 nr_runs)
{
	struct emu_surface *s = emu_surface_of(core);
	bool junk = emu_options()->junk && s->prot & PROT_WRITE;
	struct exmap_run span;
	u64 mapped = 0;
	u32 i = 0;

	(void)id;
	while (emu_next_span(runs, nr_runs, &i, &span)) {
		void *addr = emu_page_address(core, span.page);
		size_t len = (size_t)span.len << EXMAP_PAGE_SHIFT;

		if (protect_range(addr, len, s->prot))
			break;
		if (junk)
			memset(addr, JUNK, len);
		emu_mark_undefined(addr, len);
		mapped += span.len;
	}
	return mapped;
}

static void mprotect_unmap(struct exmap_surface *core, u32 id, const struct exmap_run *runs,
			   u32 nr_runs)
{
	struct exmap_run hidden[EXMAP_USER_INTERFACE_PAGES];
	struct exmap_run span;
	u32 nr_hidden = 0;
	u32 i = 0;

	(void)id;
	/* Protect before dropping: otherwise a racing access would fault in a new page. */
	while (emu_next_span(runs, nr_runs, &i, &span)) {
		void *addr = emu_page_address(core, span.page);
		size_t len = (size_t)span.len << EXMAP_PAGE_SHIFT;

		if (protect_range(addr, len, PROT_NONE)) {
			/* No VMA left for the hole: the page stays allocated, and core/ knows. */
			emu_keep_run(core, &span);
			continue;
		}
		emu_mark_noaccess(addr, len);
		hidden[nr_hidden++] = span;
	}
	if (nr_hidden)
		emu_zap_runs(core, hidden, nr_hidden);
}

/* Makes the pages accessible and reads straight into them; the kernel faults them in. */
static s64 mprotect_fill(struct exmap_surface *core, u32 id, u64 page, u32 len)
{
	struct emu_surface *s = emu_surface_of(core);
	char *addr = emu_page_address(core, page);
	size_t want = (size_t)len << EXMAP_PAGE_SHIFT;
	struct exmap_run run = { .page = page, .len = len };
	struct iovec range = { addr, want };
	s64 ret;
	size_t full;

	if (protect_range(addr, want, PROT_READ | PROT_WRITE))
		return -ENOMEM;
	emu_mark_undefined(addr, want);
	ret = emu_backing_read(s->dev->backing_fd, &range, 1, page << EXMAP_PAGE_SHIFT);
	full = ret > 0 ? emu_pages_len(ret) : 0;
	if (ret > 0)
		memset(addr + ret, 0, full - ret);
	if (ret > 0 && s->prot != (PROT_READ | PROT_WRITE) && protect_range(addr, full, s->prot)) {
		ret = -ENOMEM;
		full = 0;
	}
	if (full < want) {
		run.page += full >> EXMAP_PAGE_SHIFT;
		run.len -= full >> EXMAP_PAGE_SHIFT;
		mprotect_unmap(core, id, &run, 1);
	}
	return ret;
}

const struct emu_mover emu_mover_mprotect = {
	.name = "mprotect",
	.ops = { .prepare = emu_touch,
		 .map = mprotect_map,
		 .unmap = mprotect_unmap,
		 .wait = emu_wait,
		 .fill = mprotect_fill,
		 .shadow = emu_shadow,
		 .unshadow = mprotect_unmap },
	.prepare = mprotect_prepare,
	.protect = mprotect_protect,
	.release = mprotect_release,
};
