// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* ptes.c - see ptes.h */

#include <linux/pgtable.h>

#include "compat.h"
#include "ptes.h"

static unsigned long address(const struct exmap_vma *s, u64 page)
{
	return s->core.base + (page << PAGE_SHIFT);
}

/* For sparse, which does not follow a lock that is kept in a cursor. */
static void lock(spinlock_t *lock)
{
	spin_lock(lock);
	__release(lock);
}

static void unlock(spinlock_t *lock)
{
	__acquire(lock);
	spin_unlock(lock);
}

void exmap_leave_table(struct exmap_cursor *c)
{
	if (c->ptes)
		unlock(c->lock);
	c->ptes = NULL;
}

/* Moves to the page-table page of an address. Return: false if there is none. */
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
	lock(c->lock);
	return true;
}

static bool enter(struct exmap_vma *s, struct exmap_cursor *c, unsigned long addr)
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
static bool enter_new(struct exmap_vma *s, struct exmap_cursor *c, unsigned long addr)
{
	if (likely(enter(s, c, addr)))
		return true;
	return !apply_to_page_range(s->mm, addr, PAGE_SIZE, nothing, NULL) && enter(s, c, addr);
}

/* The page behind those whose entries are in the same page-table page. */
static u64 table_end(const struct exmap_vma *s, u64 page)
{
	return page + PTRS_PER_PTE - pte_index(address(s, page));
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

static void set_entry(struct exmap_vma *s, struct exmap_cursor *c, unsigned long addr,
		      struct page *page)
{
	set_pte_at(s->mm, addr, &c->ptes[pte_index(addr)], entry_of(s, page));
}

bool exmap_set_run(struct exmap_vma *s, struct exmap_cursor *c, const struct exmap_run *run)
{
	u64 end = run->page + run->len;
	u64 page = run->page;
	u64 *word = NULL;

	while (page < end) {
		unsigned long addr = address(s, page);
		u64 stop = min(end, table_end(s, page));

		if (!enter_new(s, c, addr))
			return false;
		for (; page < stop; page++, addr += PAGE_SIZE) {
			word = exmap_next_word(&s->core, word, page);
			set_entry(s, c, addr, exmap_frame_page(s, *word));
		}
	}
	return true;
}

void exmap_clear_run(struct exmap_vma *s, struct exmap_cursor *c, const struct exmap_run *run)
{
	u64 end = run->page + run->len;
	u64 page = run->page;

	while (page < end) {
		unsigned long addr = address(s, page);
		u64 stop = min(end, table_end(s, page));
		pte_t *pte;

		if (enter(s, c, addr)) {
			for (pte = &c->ptes[pte_index(addr)]; page < stop; page++)
				exmap_clear_entry(s->mm, addr, pte++);
		}
		page = stop;
	}
}

void exmap_set_one(struct exmap_vma *s, struct exmap_cursor *c, u64 page, struct page *frame)
{
	unsigned long addr = address(s, page);

	/* The table is there, as the entry was. */
	if (enter(s, c, addr))
		set_entry(s, c, addr, frame);
}

int exmap_make_table(struct exmap_vma *s)
{
	return apply_to_page_range(s->mm, s->core.base, PAGE_SIZE, nothing, NULL);
}
