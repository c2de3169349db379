// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* ptes.c - page-table entries of a surface; see ptes.h */

#include <linux/pgtable.h>

#include "compat.h"
#include "ptes.h"

static unsigned long address(const struct exmap_vma *s, u64 page)
{
	return s->core.base + (page << PAGE_SHIFT);
}

void exmap_leave_table(struct exmap_cursor *c)
{
	if (c->ptes)
		exmap_spin_unlock(c->lock);
	c->ptes = NULL;
}

/*
 * Locks the page-table page of an address in place of the one that was locked. Return: false if the
 * address has no page-table page.
 */
static bool enter_other(struct exmap_vma *s, struct exmap_cursor *c, unsigned long addr)
{
	pgd_t *pgd;
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	exmap_leave_table(c);
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
	exmap_spin_lock(c->lock);
	return true;
}

/* As enter_other(), and fast if the address is in the page-table page that is locked already. */
static inline bool enter(struct exmap_vma *s, struct exmap_cursor *c, unsigned long addr)
{
	if (likely(c->ptes && (addr & PMD_MASK) == c->addr))
		return true;
	return enter_other(s, c, addr);
}

static int nothing(pte_t *pte, unsigned long addr, void *data)
{
	return 0;
}

/* As enter(), but makes page-table pages that are missing. Return: false if there is no memory. */
static inline bool enter_new(struct exmap_vma *s, struct exmap_cursor *c, unsigned long addr)
{
	if (likely(enter(s, c, addr)))
		return true;
	return !apply_to_page_range(s->mm, addr, PAGE_SIZE, nothing, NULL) && enter(s, c, addr);
}

void exmap_make_entry(struct exmap_vma *s)
{
	/*
	 * Accessed, and dirty if it may be written, so that the processor need not set these bits
	 * at the first access. The kernel does not use them: the page belongs to no file, and is
	 * not swapped.
	 */
	pte_t entry = pte_mkyoung(pfn_pte(0, s->vma->vm_page_prot));

	if (s->vma->vm_flags & VM_WRITE)
		entry = pte_mkwrite_novma(pte_mkdirty(entry));
	s->entry = pte_val(entry);
}

/*
 * In an entry without access (PROT_NONE) the kernel inverts the bits of the frame number, as a
 * defence against L1TF. xor is right in both cases.
 */
static inline u64 entry_of(u64 entry, const struct page *page)
{
	return entry ^ (u64)page_to_pfn(page) << PAGE_SHIFT;
}

/* Number of pages from @addr on whose entries are in the same page-table page; at most @max. */
static inline u32 table_pages(unsigned long addr, u32 max)
{
	return min_t(u32, max, PTRS_PER_PTE - pte_index(addr));
}

static __always_inline void set_entries(struct exmap_vma *s, unsigned long addr, pte_t *pte,
					const u64 *where, u32 n, bool by_kernel)
{
	struct page **pages = s->dev->pages;
	u64 entry = s->entry;
	u32 i;

	for (i = 0; i < n; i++)
		exmap_set_entry(s->mm, addr + i * PAGE_SIZE, &pte[i],
				entry_of(entry, pages[exmap_busy_frame(where[i])]), by_kernel);
}

/*
 * Sets the entries of a run of several pages, in pieces. A piece is in one page-table page and in
 * one block of words: both are 512 pages, but the surface may begin anywhere in a page-table page.
 */
static noinline bool set_run(struct exmap_vma *s, struct exmap_cursor *c,
			     const struct exmap_run *run)
{
	unsigned long addr = address(s, run->page);
	u32 done = 0;
	u64 *where;
	u32 n;

	while ((n = exmap_run_words(&s->core, run, done, &where))) {
		pte_t *pte;

		n = table_pages(addr, n);
		if (unlikely(!enter_new(s, c, addr)))
			return false;
		pte = &c->ptes[pte_index(addr)];
		if (unlikely(exmap_kernel_sets_entries()))
			set_entries(s, addr, pte, where, n, true);
		else
			set_entries(s, addr, pte, where, n, false);
		addr += n * PAGE_SIZE;
		done += n;
	}
	return true;
}

/* Inlined once for each value of @by_kernel. */
static __always_inline u32 set_runs(struct exmap_vma *s, const struct exmap_run *runs, u32 nr_runs,
				    bool by_kernel)
{
	struct exmap_cursor c = { 0 };
	u32 i;

	for (i = 0; i < nr_runs; i++) {
		unsigned long addr = address(s, runs[i].page);

		if (runs[i].len > 1) {
			if (unlikely(!set_run(s, &c, &runs[i])))
				break;
			continue;
		}
		if (unlikely(!enter_new(s, &c, addr)))
			break;
		set_entries(s, addr, &c.ptes[pte_index(addr)], runs[i].word, 1, by_kernel);
	}
	exmap_leave_table(&c);
	return i;
}

u32 exmap_set_runs(struct exmap_vma *s, const struct exmap_run *runs, u32 nr_runs)
{
	if (unlikely(exmap_kernel_sets_entries()))
		return set_runs(s, runs, nr_runs, true);
	return set_runs(s, runs, nr_runs, false);
}

static __always_inline void clear_entries(struct exmap_vma *s, unsigned long addr, pte_t *pte,
					  u32 n, bool by_kernel)
{
	u32 i;

	for (i = 0; i < n; i++)
		exmap_clear_entry(s->mm, addr + i * PAGE_SIZE, &pte[i], by_kernel);
}

static noinline void clear_run(struct exmap_vma *s, struct exmap_cursor *c,
			       const struct exmap_run *run)
{
	unsigned long addr = address(s, run->page);
	u32 left = run->len;
	u32 n;

	for (; left; left -= n, addr += n * PAGE_SIZE) {
		pte_t *pte;

		n = table_pages(addr, left);
		/*
		 * If set_run() has failed in the middle of this run, page-table pages may be
		 * missing.
		 */
		if (unlikely(!enter(s, c, addr)))
			continue;
		pte = &c->ptes[pte_index(addr)];
		if (unlikely(exmap_kernel_sets_entries()))
			clear_entries(s, addr, pte, n, true);
		else
			clear_entries(s, addr, pte, n, false);
	}
}

static __always_inline void clear_runs(struct exmap_vma *s, const struct exmap_run *runs,
				       u32 nr_runs, bool by_kernel)
{
	struct exmap_cursor c = { 0 };
	u32 i;

	for (i = 0; i < nr_runs; i++) {
		unsigned long addr = address(s, runs[i].page);

		if (runs[i].len > 1)
			clear_run(s, &c, &runs[i]);
		else if (likely(enter(s, &c, addr)))
			clear_entries(s, addr, &c.ptes[pte_index(addr)], 1, by_kernel);
	}
	exmap_leave_table(&c);
}

void exmap_clear_runs(struct exmap_vma *s, const struct exmap_run *runs, u32 nr_runs)
{
	if (unlikely(exmap_kernel_sets_entries()))
		clear_runs(s, runs, nr_runs, true);
	else
		clear_runs(s, runs, nr_runs, false);
}

bool exmap_set_one(struct exmap_vma *s, struct exmap_cursor *c, u64 page, struct page *frame)
{
	unsigned long addr = address(s, page);

	if (!enter(s, c, addr))
		return false;
	exmap_set_entry(s->mm, addr, &c->ptes[pte_index(addr)], entry_of(s->entry, frame),
			exmap_kernel_sets_entries());
	return true;
}

int exmap_make_table(struct exmap_vma *s)
{
	return apply_to_page_range(s->mm, s->core.base, PAGE_SIZE, nothing, NULL);
}
