// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * pages.c - how pages of the surface appear and vanish: core/'s surface ops
 *
 * map()    sets page-table entries
 * unmap()  clears entries, flushes the TLB, maps pinned pages again
 * fill()   reads the backing into frames, then map()
 * wait()   waits for a BUSY page, without the interface's lock
 */

#include <linux/gfp.h>

#include "backing.h"
#include "compat.h"
#include "entry.h"
#include "inject.h"
#include "pages.h"
#include "ptes.h"
#include "read_again.h"
#include "shadow.h"
#include "tlb.h"

static u64 page_of(const struct exmap_vma *s, unsigned long addr)
{
	return (addr - s->core.base) >> PAGE_SHIFT;
}

/*
 * Whether the kernel holds a page for I/O. A page that it does not hold has one reference, the
 * pool's. After the TLB flush nobody can get a new reference by way of the surface. Some references
 * last only a moment (fork() copying the page, move_pages() looking at it), so look again up to 100
 * times.
 */
static noinline bool still_pinned(const struct page *page)
{
	unsigned int patience = 100;

	while (page_ref_count(page) != 1) {
		if (!patience--)
			return true;
		cpu_relax();
	}
	return false;
}

static inline bool pinned(const struct page *page)
{
	return unlikely(page_ref_count(page) != 1) && still_pinned(page);
}

/* Counts the words up to the first whose page is pinned. */
static inline u32 count_unpinned(struct page **pages, const u64 *where, u32 n)
{
	u32 i = 0;

	while (i < n && likely(!pinned(pages[exmap_busy_frame(where[i])])))
		i++;
	return i;
}

/*
 * Maps pinned pages again, to the same frames: I/O still uses them, so their frames must not be
 * handed out [4.11].
 */
static void keep_pinned(struct exmap_vma *s, const struct exmap_run *runs, u32 nr_runs)
{
	struct page **pages = s->dev->pages;
	struct exmap_cursor c = { 0 };
	u32 i;

	for (i = 0; i < nr_runs; i++) {
		const struct exmap_run *run = &runs[i];
		u32 j = 0;
		u64 *where;
		u32 n;

		/* The usual case: a run of one page, which is not pinned. */
		if (run->len == 1 && likely(count_unpinned(pages, run->word, 1)))
			continue;
		while ((n = exmap_run_words(&s->core, run, j, &where))) {
			u32 free = count_unpinned(pages, where, n);

			j += free;
			if (likely(free == n))
				continue;
			where += free;
			/*
			 * A page without a page-table page was never mapped, so it is not pinned by
			 * way of the surface.
			 */
			if (exmap_set_one(s, &c, run->page + j, exmap_frame_page(s, *where)))
				WRITE_ONCE(*where, *where | EXMAP_WORD_PRESENT);
			j++;
		}
	}
	exmap_leave_table(&c);
}

static void unmap_pages(struct exmap_surface *core, u32 id, const struct exmap_run *runs,
			u32 nr_runs)
{
	struct exmap_vma *s = exmap_vma_of(core);

	exmap_clear_runs(s, runs, nr_runs);
	exmap_flush_tlb(s->mm);
	keep_pinned(s, runs, nr_runs);
}

static void unmap(struct exmap_surface *core, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	if (exmap_injects())
		exmap_injected_unmap(id, runs, nr_runs);
	unmap_pages(core, id, runs, nr_runs);
}

static u64 map_pages(struct exmap_surface *core, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	u32 n = exmap_set_runs(exmap_vma_of(core), runs, nr_runs);
	u64 done = 0;
	u32 i;

	for (i = 0; i < n; i++)
		done += runs[i].len;
	/*
	 * There was no memory for a page-table page of run n. Entries of this run that were set are
	 * cleared.
	 */
	if (unlikely(n < nr_runs))
		unmap_pages(core, id, &runs[n], 1);
	return done;
}

static u64 map(struct exmap_surface *core, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	if (exmap_injects())
		return exmap_injected_map(map_pages, core, id, runs, nr_runs);
	return map_pages(core, id, runs, nr_runs);
}

s64 exmap_read_chunk(struct exmap_vma *s, struct exmap_port *port, u64 page, u32 len)
{
	s64 n;

	exmap_step_out(s, port);
	n = fatal_signal_pending(current) ? -EINTR :
					    exmap_backing_read(s->dev->backing, port->bvec, len,
							       (loff_t)page << PAGE_SHIFT);
	if (!exmap_step_in(s, port))
		return -EPROTO;
	n = exmap_injected_bytes(port, page, n);
	if (n > 0 && n % PAGE_SIZE)
		zero_user_segment(port->bvec[n >> PAGE_SHIFT].bv_page, n % PAGE_SIZE, PAGE_SIZE);
	return n;
}

/* Reads the backing into the frames, then maps them: a page that has appeared has its content. */
static s64 fill_pages(struct exmap_surface *core, u32 id, u64 page, u32 len)
{
	struct exmap_vma *s = exmap_vma_of(core);
	struct exmap_port *port = exmap_port_of(s->dev->core.interfaces[id]);
	struct exmap_run run = { .page = page, .word = exmap_word(core, page) };
	s64 done = 0;
	s64 n = 0;

	while (run.len < len) {
		u32 chunk = min_t(u32, len - run.len, EXMAP_FILL_PAGES);
		u32 i;

		for (i = 0; i < chunk; i++) {
			u64 *word = exmap_word(core, page + run.len + i);

			exmap_fill_page(port, i, exmap_frame_page(s, *word));
		}
		n = exmap_read_chunk(s, port, page + run.len, chunk);
		if (n < 0)
			return n;
		done += n;
		run.len += DIV_ROUND_UP(n, PAGE_SIZE);
		if (n < (s64)chunk << PAGE_SHIFT)
			break;
	}
	if (run.len && map_pages(core, id, &run, 1) < run.len)
		return -ENOMEM;
	return done;
}

static s64 fill(struct exmap_surface *core, u32 id, u64 page, u32 len)
{
	if (exmap_injects())
		return exmap_injected_read(fill_pages, core, id, page, len);
	return fill_pages(core, id, page, len);
}

static s64 fetch(struct exmap_surface *core, u32 id, u64 page, u32 len)
{
	if (exmap_injects())
		return exmap_injected_read(exmap_vma_fetch, core, id, page, len);
	return exmap_vma_fetch(core, id, page, len);
}

/* By the rules of inject.h, each range of a READ is an occasion. */
static bool one_by_one(const struct exmap_surface *core)
{
	return exmap_injects();
}

static bool wait(struct exmap_surface *core, u32 id, unsigned int round)
{
	struct exmap_vma *s = exmap_vma_of(core);
	struct exmap_port *port = exmap_port_of(s->dev->core.interfaces[id]);

	/*
	 * The call that owns the page may have stepped out to read the backing, which may take
	 * long. A thread that stops the calls must not wait for that, so this call steps out, too.
	 */
	exmap_step_out(s, port);
	exmap_wait(round);
	return exmap_step_in(s, port) && !fatal_signal_pending(current);
}

/*
 * Makes a frame ready for the pool, when its page has left the surface without FREE. If I/O has
 * pinned the page, the frame gets another page. Return: false if there is no memory for one; then
 * the frame is lost until the exmap ends.
 */
static bool refresh(struct exmap_device *dev, u32 frame)
{
	struct page *page;

	if (likely(!pinned(dev->pages[frame])))
		return true;
	/* GFP_NOWAIT: memory reclaim is not allowed here, in a callback of an mmu notifier. */
	page = alloc_page(GFP_NOWAIT | __GFP_ZERO | __GFP_ACCOUNT | __GFP_NOWARN);
	if (!page) {
		dev->lost++;
		return false;
	}
	put_page(dev->pages[frame]);
	dev->pages[frame] = page;
	return true;
}

/* Turns the words of a run to EMPTY and gives its frames to the pool, 64 at a time. */
static void retire_run(struct exmap_vma *s, const struct exmap_run *run)
{
	u32 frames[64];
	u64 *word;
	u32 n = 0;
	u32 i;

	exmap_for_each_word(&s->core, run, i, word) {
		frames[n] = exmap_word_frame(*word);
		WRITE_ONCE(*word, 0);
		n += refresh(s->dev, frames[n]);
		if (n == ARRAY_SIZE(frames) || (n && i == run->len - 1)) {
			exmap_pool_put(&s->dev->core.pool, 0, frames, n);
			n = 0;
		}
	}
}

void exmap_clear_range(struct exmap_vma *s, unsigned long start, unsigned long end)
{
	u64 page = page_of(s, start);
	u64 last = page_of(s, end);
	struct exmap_run run;
	u64 shadows = exmap_clear_shadows(s);
	u64 cleared = 0;

	while (exmap_next_present(&s->core, &page, last, &run)) {
		exmap_clear_runs(s, &run, 1);
		cleared += run.len;
	}
	if (!cleared && !shadows)
		return;
	exmap_flush_tlb(s->mm);
	/* First: refresh() must not find pages pinned by shadows. */
	exmap_put_shadows(s);
	page = page_of(s, start);
	while (exmap_next_present(&s->core, &page, last, &run))
		retire_run(s, &run);
	WRITE_ONCE(s->dev->core.forgotten, s->dev->core.forgotten + cleared);
}

const struct exmap_surface_ops exmap_surface_ops = {
	.prepare = exmap_vma_prepare,
	.map = map,
	.unmap = unmap,
	.wait = wait,
	.fill = fill,
	.fetch = fetch,
	.store = exmap_vma_store,
	.shadow = exmap_vma_shadow,
	.unshadow = exmap_vma_unshadow,
	.one_by_one = one_by_one,
};
