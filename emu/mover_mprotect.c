// SPDX-License-Identifier: MIT
/*
 * mover_mprotect.c - pages appear and vanish by mprotect(); no userfaultfd
 *
 * For places that refuse userfaultfd: containers, record-and-replay debuggers, old versions of
 * valgrind. The surface is PROT_NONE except where pages are allocated, so a missing page raises
 * the SIGSEGV that the client expects.
 *
 * Each stretch of allocated pages is a mapping of the process, and so is each hole between two. The
 * process may have vm.max_map_count of them. FREE must always find one for the hole that it makes:
 *
 *   the frames could never need more than there are    only shadows are counted, up to SHADOW_MAPPINGS,
 *                                                      which the first SHADOW claims
 *   otherwise                                          holes.h counts; ALLOC beyond fails with ENOMEM
 *   the program has used more since                    FREE uses the reserve of mappings.h, and ALLOC
 *                                                      fails with ENOMEM until it is there again
 *
 * With holes=readable nothing is counted. When no mapping is left, all holes are given up at once:
 * the whole surface becomes accessible, and is one mapping. Then pages that are freed become holes
 * again.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "emu/advice.h"
#include "emu/backing.h"
#include "emu/device.h"
#include "emu/disturb.h"
#include "emu/hidden_fd.h"
#include "emu/holes.h"
#include "emu/mappings.h"
#include "emu/memcheck.h"
#include "emu/mover.h"
#include "emu/options.h"
#include "emu/say.h"
#include "emu/sys.h"

/* Mappings for shadows, beside those for frames: large objects at 4096 places, or 1 GiB at one. */
#define SHADOW_MAPPINGS 8192

/*
 * The kernel joins neighbouring mappings only if their pages belong to one struct anon_vma, and makes
 * one for each mapping in which a page is touched. Parts of a mapping share that of the whole. So a
 * page is touched while the whole surface is one mapping: otherwise pages that were allocated by
 * themselves, and freed, would remain mappings of their own. With vm.overcommit_memory=2 the whole may
 * be too large to be accessible; then these mappings remain.
 */
static void touch_the_whole(struct emu_surface *s)
{
	char *start = emu_page_address(&s->core, 0);

	if (emu_sys(SYS_mprotect, start, s->len, PROT_READ | PROT_WRITE))
		return;
	*(volatile char *)start = 0;
	emu_sys(SYS_mprotect, start, s->len, PROT_NONE);
	emu_sys(SYS_madvise, start, EXMAP_PAGE_SIZE, MADV_DONTNEED);
}

static int mprotect_prepare(struct emu_surface *s)
{
	s->advice_fd = emu_advice_fd();
	touch_the_whole(s);
	return 0;
}

static void mprotect_release(struct emu_surface *s)
{
	emu_close_hidden(s->advice_fd);
	emu_mappings_return(s->mappings);
	emu_holes_free(s->holes);
	emu_holes_free(s->shadow_holes);
}

static void mprotect_frames(struct emu_surface *s, u64 nr_frames)
{
	u64 want = 2 * EXMAP_MIN(nr_frames, s->core.nr_pages / 2 + 1) + 1;

	emu_reserve_fill();
	if (emu_options()->readable_holes)
		return;
	s->mappings = emu_mappings_claim(want);
	if (s->mappings == want)
		return;
	s->holes = emu_holes_new(EMU_COUNT_PAIRS, s->core.nr_pages, s->mappings);
	if (s->holes)
		emu_say_once(
			"SETUP: of %llu frames %llu fit if the pages are scattered, for each hole "
			"is a mapping under strategy=mprotect, and vm.max_map_count is %llu; use "
			"Linux 6.13, permit userfaultfd, raise the limit to %llu, or see option "
			"holes=readable",
			(unsigned long long)nr_frames, (unsigned long long)emu_holes_most(s->holes),
			(unsigned long long)emu_mappings_limit(),
			(unsigned long long)(emu_mappings_limit() + (want - s->mappings) * 8 / 7 +
					     1));
}

/* With holes=readable: makes the whole surface accessible, as no mapping is left. */
static void expose(struct emu_surface *s)
{
	/* A surface without a page is one mapping with its fences, and becomes three. */
	emu_reserve_use();
	if (!emu_sys(SYS_mprotect, emu_page_address(&s->core, 0), s->len, s->prot))
		__atomic_add_fetch(&s->dev->exposed, 1, __ATOMIC_RELAXED);
	emu_reserve_fill();
	emu_say_once(
		"holes=readable: no mapping is left for holes (vm.max_map_count), so free pages "
		"stay accessible and read as zeroes: the program's use of freed pages is not "
		"found");
}

/* Makes pages accessible. Return: 0 or a negative errno, and they are as they were. */
static int permit(struct emu_surface *s, void *addr, size_t len, int prot)
{
	int ret = emu_sys(SYS_mprotect, addr, len, prot);

	if (exmap_likely(!ret))
		return 0;
	if (emu_options()->readable_holes) {
		expose(s);
		ret = emu_sys(SYS_mprotect, addr, len, prot);
	}
	if (ret) {
		/* The kernel may have changed the first of several mappings. */
		emu_sys(SYS_mprotect, addr, len, PROT_NONE);
		emu_say_once("ALLOC: the process may have no more mappings (vm.max_map_count; "
			     "%s), so pages cannot be allocated (ENOMEM); FREE some, raise the "
			     "limit, or see option holes=readable",
			     strerrorname_np(-ret));
	}
	return ret;
}

/*
 * Makes pages inaccessible, if there is a mapping for the hole. With holes=readable they may stay
 * accessible. Return: false if they must stay allocated.
 */
static bool hide(struct emu_surface *s, void *addr, size_t len)
{
	int ret = emu_sys(SYS_mprotect, addr, len, PROT_NONE);

	if (exmap_likely(!ret))
		return true;
	if (emu_options()->readable_holes) {
		expose(s);
		return true;
	}
	if (emu_reserve_use())
		ret = emu_sys(SYS_mprotect, addr, len, PROT_NONE);
	if (ret) {
		/* The kernel may have changed the first of several mappings. */
		emu_sys(SYS_mprotect, addr, len, s->prot);
		emu_say_once(
			"FREE: the program itself has used up the process's mappings "
			"(vm.max_map_count), and the reserve is used up: pages stay allocated, and "
			"those of shadows accessible; raise the limit");
	}
	return !ret;
}

static int mprotect_protect(struct emu_surface *s, int prot)
{
	struct exmap_run run;
	u64 pos = 0;

	while (exmap_next_run(&s->core, EXMAP_WORD_PRESENT | EXMAP_WORD_SHADOW, &pos,
			      s->core.nr_pages, &run)) {
		int ret = emu_sys(SYS_mprotect, emu_page_address(&s->core, run.page),
				  (size_t)run.len << EXMAP_PAGE_SHIFT, prot);

		if (ret)
			return ret;
	}
	return 0;
}

/* Return: whether pages may be allocated at all: the next FREE must find its reserve. */
static bool may_allocate(void)
{
	return emu_options()->readable_holes || emu_reserve_fill();
}

/* Counts pages that will be mapped. Return: how many fit, from the first on. */
static u64 count(struct emu_holes *holes, u64 page, u64 len)
{
	return holes ? emu_holes_add(holes, page, len) : len;
}

/* Return: how many of the pages can become holes, from the first on; they are counted no longer. */
static u64 uncount(struct emu_holes *holes, u64 page, u64 len)
{
	return holes ? emu_holes_remove(holes, page, len) : len;
}

/*
 * The counter of the mappings that shadows take: that of the frames if SETUP got too few. NULL if
 * nothing is counted, or there was no SHADOW yet.
 */
static struct emu_holes *shadow_holes(const struct emu_surface *s)
{
	return s->holes ? s->holes : exmap_load_acquire(&s->shadow_holes);
}

/*
 * Makes the counter of shadows, if that of the frames does not serve. Not by SETUP: most exmaps have no
 * shadows, and the process may have many exmaps. Return: whether there is one, if it is needed.
 */
static bool count_shadows(struct emu_surface *s)
{
	struct emu_holes *none = NULL;
	struct emu_holes *holes;
	u64 mappings;

	if (shadow_holes(s) || emu_options()->readable_holes)
		return true;
	mappings = emu_mappings_claim_more(SHADOW_MAPPINGS);
	holes = emu_holes_new(EMU_COUNT_STRETCHES, s->core.nr_pages, mappings);
	if (holes && __atomic_compare_exchange_n(&s->shadow_holes, &none, holes, false,
						 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		__atomic_add_fetch(&s->mappings, mappings, __ATOMIC_RELAXED);
		return true;
	}
	/* Out of memory, or another thread was faster. */
	emu_holes_free(holes);
	emu_mappings_return(mappings);
	return shadow_holes(s);
}

static u64 map(struct exmap_surface *core, struct emu_holes *holes, const struct exmap_run *runs,
	       u32 nr_runs)
{
	struct emu_surface *s = emu_surface_of(core);
	bool junk = emu_options()->junk && s->prot & PROT_WRITE;
	struct exmap_run span;
	u64 mapped = 0;
	u32 i = 0;

	if (!may_allocate())
		return 0;
	while (emu_next_span(runs, nr_runs, &i, &span)) {
		void *addr = emu_page_address(core, span.page);
		u64 fit = count(holes, span.page, span.len);
		size_t len = fit << EXMAP_PAGE_SHIFT;

		if (!fit)
			break;
		if (permit(s, addr, len, s->prot)) {
			uncount(holes, span.page, fit);
			break;
		}
		/* Before memset(), which AddressSanitizer checks, and behind it: it defines the pages. */
		emu_mark_undefined(addr, len);
		if (junk) {
			memset(addr, EMU_JUNK, len);
			emu_mark_undefined(addr, len);
		}
		mapped += fit;
		if (fit < span.len)
			break;
	}
	return mapped;
}

static u64 mprotect_map(struct exmap_surface *core, u32 id, const struct exmap_run *runs,
			u32 nr_runs)
{
	(void)id;
	return map(core, emu_surface_of(core)->holes, runs, nr_runs);
}

static u64 mprotect_show(struct emu_surface *s, const struct exmap_run *run)
{
	u64 mapped = count_shadows(s) ? map(&s->core, shadow_holes(s), run, 1) : 0;

	if (mapped < run->len)
		emu_say_once(
			"SHADOW: each stretch of shadow pages is a mapping under strategy=mprotect, "
			"and no more are left (vm.max_map_count), so pages cannot be shown "
			"(ENOMEM); end some by RM_SD, or raise the limit");
	return mapped;
}

/*
 * Makes pages inaccessible, and drops them.
 * @shadows: they have no frames to keep, so pages that cannot become holes are dropped all the same
 */
static void unmap(struct exmap_surface *core, bool shadows, const struct exmap_run *runs,
		  u32 nr_runs)
{
	struct emu_surface *s = emu_surface_of(core);
	struct emu_holes *holes = shadows ? shadow_holes(s) : s->holes;
	struct exmap_run hidden[EXMAP_USER_INTERFACE_PAGES];
	struct exmap_run span;
	u32 nr_hidden = 0;
	u32 i = 0;

	/* Protect before dropping: otherwise a racing access would fault in a new page. */
	while (emu_next_span(runs, nr_runs, &i, &span)) {
		void *addr = emu_page_address(core, span.page);
		size_t len = (size_t)span.len << EXMAP_PAGE_SHIFT;
		u64 fit = shadows ? uncount(holes, span.page, span.len) : span.len;

		if (!hide(s, addr, fit << EXMAP_PAGE_SHIFT) && !shadows) {
			/* No mapping for the hole: the page stays allocated, and core/ knows. */
			emu_keep_run(core, &span);
			continue;
		}
		if (!shadows)
			uncount(holes, span.page, span.len);
		emu_mark_noaccess(addr, len);
		hidden[nr_hidden++] = span;
	}
	if (nr_hidden)
		emu_zap_runs(core, hidden, nr_hidden);
}

static void mprotect_unmap(struct exmap_surface *core, u32 id, const struct exmap_run *runs,
			   u32 nr_runs)
{
	(void)id;
	unmap(core, false, runs, nr_runs);
}

static void mprotect_unshadow(struct exmap_surface *core, u32 id, const struct exmap_run *runs,
			      u32 nr_runs)
{
	(void)id;
	unmap(core, true, runs, nr_runs);
}

/* Makes the pages accessible and reads straight into them; the kernel faults them in. */
static s64 mprotect_fill(struct exmap_surface *core, u32 id, u64 page, u32 len)
{
	struct emu_surface *s = emu_surface_of(core);
	char *addr = emu_page_address(core, page);
	size_t want = (size_t)len << EXMAP_PAGE_SHIFT;
	struct exmap_run run = { .page = page, .len = len };
	struct iovec range = { addr, want };
	u64 fit = may_allocate() ? count(s->holes, page, len) : 0;
	s64 ret;
	size_t full;

	if (fit < len || permit(s, addr, want, PROT_READ | PROT_WRITE)) {
		uncount(s->holes, page, fit);
		return -ENOMEM;
	}
	emu_mark_undefined(addr, want);
	ret = emu_backing_read(s->dev->backing_fd, &range, 1, page << EXMAP_PAGE_SHIFT);
	full = ret > 0 ? emu_pages_len(ret) : 0;
	if (ret > 0) {
		memset(addr + ret, 0, full - ret);
		emu_mark_defined(addr, full);
	}
	if (ret > 0 && s->prot != (PROT_READ | PROT_WRITE) && permit(s, addr, full, s->prot)) {
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
		 .fetch = emu_fetch,
		 .store = emu_store,
		 .shadow = emu_shadow,
		 .unshadow = mprotect_unshadow },
	.prepare = mprotect_prepare,
	.show = mprotect_show,
	.frames = mprotect_frames,
	.protect = mprotect_protect,
	.release = mprotect_release,
};
