// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * ptes.c - pages appear in and vanish from the page table
 *
 * Whoever calls is inside a call on an interface, or has stopped all calls; in
 * both cases the mapping and its page tables stay, because who would take them
 * away waits for calls first (surface.c). So mmap_lock is not needed.
 */

#include <linux/gfp.h>
#include <linux/pgtable.h>

#include "compat.h"
#include "device.h"

static unsigned long address(const struct exmap_surface *s, u64 page)
{
	return s->base + (page << PAGE_SHIFT);
}

static u64 page_of(const struct exmap_surface *s, unsigned long addr)
{
	return (addr - s->base) >> PAGE_SHIFT;
}

static struct page *frame_page(const struct exmap_vma *s, u64 word)
{
	return s->dev->pages[exmap_word_frame(word)];
}

static bool prepare(struct exmap_surface *s, u64 page, u64 len)
{
	u64 end = DIV_ROUND_UP(page + len, EXMAP_BLOCK_PAGES);
	u64 block;

	for (block = page / EXMAP_BLOCK_PAGES; block < end; block++) {
		u64 *words;
		u64 *none = NULL;

		if (likely(READ_ONCE(s->blocks[block])))
			continue;
		/* As a page-table page, which the kernel allocates here too. */
		words = (u64 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
		if (!words)
			return false;
		if (!try_cmpxchg(&s->blocks[block], &none, words))
			free_page((unsigned long)words);
	}
	return true;
}

/*
 * struct cursor - the page-table page that the last entry was in, locked
 * @addr: first address that it maps
 * @ptes: its entries, or NULL if none is locked
 * @lock: protects them
 *
 * The generic walk, apply_to_page_range(), costs several times what the entry
 * does, and a batch often stays in one page-table page.
 */
struct cursor {
	unsigned long addr;
	pte_t *ptes;
	spinlock_t *lock;
};

static void leave(struct cursor *c)
{
	if (c->ptes)
		spin_unlock(c->lock);
	c->ptes = NULL;
}

/* Moves to the page-table page of an address. Return: false if there is none. */
static bool enter_other(struct exmap_vma *s, struct cursor *c, unsigned long addr)
{
	pgd_t *pgd;
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	leave(c);
	pgd = pgd_offset(s->mm, addr);
	if (pgd_none(*pgd))
		return false;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d))
		return false;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud))
		return false;
	pmd = pmd_offset(pud, addr);
	if (pmd_none(READ_ONCE(*pmd)))
		return false;
	c->addr = addr & PMD_MASK;
	c->ptes = pte_offset_kernel(pmd, c->addr);
	c->lock = pte_lockptr(s->mm, pmd);
	spin_lock(c->lock);
	return true;
}

static bool enter(struct exmap_vma *s, struct cursor *c, unsigned long addr)
{
	if (c->ptes && (addr & PMD_MASK) == c->addr)
		return true;
	return enter_other(s, c, addr);
}

static int nothing(pte_t *pte, unsigned long addr, void *data)
{
	return 0;
}

/* As enter(), and makes what is missing, as the kernel does at a fault. */
static bool enter_new(struct exmap_vma *s, struct cursor *c, unsigned long addr)
{
	if (likely(enter(s, c, addr)))
		return true;
	return !apply_to_page_range(s->mm, addr, PAGE_SIZE, nothing, NULL) && enter(s, c, addr);
}

/* The page behind those whose entries are in the same page-table page. */
static u64 table_end(const struct exmap_vma *s, u64 page)
{
	return page + PTRS_PER_PTE - pte_index(address(&s->core, page));
}

void exmap_make_entry(struct exmap_vma *s)
{
	/*
	 * Accessed, so that the processor need not say so. Dirty as far as the
	 * kernel is concerned is nobody's business: the page has no file.
	 */
	pte_t entry = pte_mkyoung(pfn_pte(0, s->vma->vm_page_prot));

	if (s->vma->vm_flags & VM_WRITE)
		entry = pte_mkwrite_novma(pte_mkdirty(entry));
	s->entry = pte_val(entry);
}

/* Without access the kernel has the frame's bits inverted (L1TF): so xor, not or. */
static pte_t entry_of(const struct exmap_vma *s, const struct page *page)
{
	return __pte(s->entry ^ (u64)page_to_pfn(page) << PAGE_SHIFT);
}

static void set_entry(struct exmap_vma *s, struct cursor *c, unsigned long addr, struct page *page)
{
	set_pte_at(s->mm, addr, &c->ptes[pte_index(addr)], entry_of(s, page));
}

static bool set_run(struct exmap_vma *s, struct cursor *c, const struct exmap_run *run)
{
	u64 end = run->page + run->len;
	u64 page = run->page;
	u64 *word = NULL;

	while (page < end) {
		unsigned long addr = address(&s->core, page);
		u64 stop = min(end, table_end(s, page));

		if (!enter_new(s, c, addr))
			return false;
		for (; page < stop; page++, addr += PAGE_SIZE) {
			word = exmap_next_word(&s->core, word, page);
			set_entry(s, c, addr, frame_page(s, *word));
		}
	}
	return true;
}

static void clear_run(struct exmap_vma *s, struct cursor *c, u64 page, u64 len)
{
	u64 end = page + len;

	while (page < end) {
		unsigned long addr = address(&s->core, page);
		u64 stop = min(end, table_end(s, page));
		pte_t *pte;

		if (enter(s, c, addr)) {
			for (pte = &c->ptes[pte_index(addr)]; page < stop; page++)
				exmap_clear_entry(s->mm, addr, pte++);
		}
		page = stop;
	}
}

static u64 map(struct exmap_surface *core, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	struct exmap_vma *s = exmap_vma_of(core);
	struct cursor c = { 0 };
	u64 done = 0;
	u32 i;

	for (i = 0; i < nr_runs; i++) {
		if (!set_run(s, &c, &runs[i]))
			break;
		done += runs[i].len;
	}
	leave(&c);
	/* No page-table page: what was set of this run goes again. */
	if (i < nr_runs)
		exmap_surface_ops.unmap(core, id, &runs[i], 1);
	return done;
}

/*
 * Whether the kernel holds a page for I/O: then it has references beside the
 * pool's, and after the flush nobody gets new ones. Some last a moment only
 * (a copy by fork(), a look by move_pages()): those are waited for.
 */
static bool pinned(const struct page *page)
{
	unsigned int patience = 100;

	while (unlikely(page_ref_count(page) != 1)) {
		if (!patience--)
			return true;
		cpu_relax();
	}
	return false;
}

/* Pages that must not be recycled stay mapped [4.11]. */
static void keep_pinned(struct exmap_vma *s, struct cursor *c, const struct exmap_run *run)
{
	u64 *word = NULL;
	u32 i;

	for (i = 0; i < run->len; i++) {
		unsigned long addr = address(&s->core, run->page + i);
		struct page *page;

		word = exmap_next_word(&s->core, word, run->page + i);
		page = frame_page(s, *word);
		if (likely(!pinned(page)) || !enter(s, c, addr))
			continue;
		set_entry(s, c, addr, page);
		WRITE_ONCE(*word, *word | EXMAP_WORD_PRESENT);
	}
}

static void unmap(struct exmap_surface *core, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	struct exmap_vma *s = exmap_vma_of(core);
	struct cursor c = { 0 };
	u32 i;

	for (i = 0; i < nr_runs; i++)
		clear_run(s, &c, runs[i].page, runs[i].len);
	leave(&c);
	exmap_flush_tlb(s->mm);
	for (i = 0; i < nr_runs; i++)
		keep_pinned(s, &c, &runs[i]);
	leave(&c);
}

/* Outside of all locks, for as long as it takes. */
static s64 read_chunk(struct exmap_vma *s, struct exmap_port *port, u64 page, u32 len)
{
	s64 n;

	exmap_step_out(s, port);
	n = fatal_signal_pending(current) ? -EINTR :
					    exmap_backing_read(s->dev->backing, port->bvec, len,
							       (loff_t)page << PAGE_SHIFT);
	if (!exmap_step_in(s, port))
		n = -EPROTO;
	return n;
}

/* Reads into the frames before they are mapped: a page appears with its content. */
static s64 fill(struct exmap_surface *core, u32 id, u64 page, u32 len)
{
	struct exmap_vma *s = exmap_vma_of(core);
	struct exmap_port *port = s->dev->ports[id];
	struct exmap_run run = { .page = page };
	s64 done = 0;
	s64 n = 0;

	while (run.len < len) {
		u32 chunk = min_t(u32, len - run.len, EXMAP_FILL_PAGES);
		u32 i;

		for (i = 0; i < chunk; i++) {
			u64 *word = exmap_word(core, page + run.len + i);

			port->bvec[i].bv_page = frame_page(s, *word);
			port->bvec[i].bv_len = PAGE_SIZE;
			port->bvec[i].bv_offset = 0;
		}
		n = read_chunk(s, port, page + run.len, chunk);
		if (n < 0)
			return n;
		if (n % PAGE_SIZE)
			zero_user_segment(port->bvec[n >> PAGE_SHIFT].bv_page, n % PAGE_SIZE,
					  PAGE_SIZE);
		done += n;
		run.len += DIV_ROUND_UP(n, PAGE_SIZE);
		if (n < (s64)chunk << PAGE_SHIFT)
			break;
	}
	if (run.len && map(core, id, &run, 1) < run.len)
		return -ENOMEM;
	return done;
}

static bool wait(struct exmap_surface *core, u32 id, unsigned int round)
{
	struct exmap_vma *s = exmap_vma_of(core);
	struct exmap_port *port = s->dev->ports[id];

	/* Who owns the page may be reading a file, and have stepped out for it. */
	exmap_step_out(s, port);
	exmap_wait(round);
	return exmap_step_in(s, port) && !fatal_signal_pending(current);
}

int exmap_make_table(struct exmap_vma *s)
{
	return apply_to_page_range(s->mm, s->core.base, PAGE_SIZE, nothing, NULL);
}

/*
 * The frame of a page that goes without FREE. A page that I/O still holds is not
 * recycled: it gets another, and without memory for that the frame stays out.
 */
static bool refresh(struct exmap_device *dev, u32 frame)
{
	struct page *page;

	if (likely(!pinned(dev->pages[frame])))
		return true;
	/* The kernel may not be asked to reclaim here, in an mmu notifier. */
	page = alloc_page(GFP_NOWAIT | __GFP_ZERO | __GFP_ACCOUNT | __GFP_NOWARN);
	if (!page) {
		dev->lost++;
		return false;
	}
	put_page(dev->pages[frame]);
	dev->pages[frame] = page;
	return true;
}

/* Empties the words of a run and gives its frames back. */
static void retire_run(struct exmap_vma *s, const struct exmap_run *run)
{
	u32 frames[64];
	u64 *word = NULL;
	u32 n = 0;
	u32 i;

	for (i = 0; i < run->len; i++) {
		word = exmap_next_word(&s->core, word, run->page + i);
		frames[n] = exmap_word_frame(*word);
		WRITE_ONCE(*word, 0);
		n += refresh(s->dev, frames[n]);
		if (n == ARRAY_SIZE(frames) || (n && i == run->len - 1)) {
			exmap_pool_put(&s->dev->pool, 0, frames, n);
			n = 0;
		}
	}
}

void exmap_clear_range(struct exmap_vma *s, unsigned long start, unsigned long end)
{
	u64 page = page_of(&s->core, start);
	u64 last = page_of(&s->core, end);
	struct cursor c = { 0 };
	struct exmap_run run;
	u64 cleared = 0;

	while (exmap_next_present(&s->core, &page, last, &run)) {
		clear_run(s, &c, run.page, run.len);
		cleared += run.len;
	}
	leave(&c);
	if (!cleared)
		return;
	exmap_flush_tlb(s->mm);
	page = page_of(&s->core, start);
	while (exmap_next_present(&s->core, &page, last, &run))
		retire_run(s, &run);
	WRITE_ONCE(s->dev->forgotten, s->dev->forgotten + cleared);
}

const struct exmap_surface_ops exmap_surface_ops = {
	.prepare = prepare,
	.map = map,
	.unmap = unmap,
	.wait = wait,
	.fill = fill,
};
