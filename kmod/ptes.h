/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ptes.h - page-table entries of a surface
 *
 * Whoever calls is inside a call on an interface, or has stopped all calls; in
 * both cases the mapping and its page tables stay, because who would take them
 * away waits for calls first (surface.c). So mmap_lock is not needed.
 */
#ifndef EXMAP_KMOD_PTES_H
#define EXMAP_KMOD_PTES_H

#include "vma.h"

/**
 * struct exmap_cursor - the page-table page that the last entry was in, locked
 * @addr: first address that it maps
 * @ptes: its entries, or NULL if none is locked
 * @lock: protects them
 *
 * The generic walk, apply_to_page_range(), costs several times what the entry
 * does, and a batch often stays in one page-table page. To begin with all zero;
 * nothing that sleeps before exmap_leave_table().
 */
struct exmap_cursor {
	unsigned long addr;
	pte_t *ptes;
	spinlock_t *lock;
};

/** exmap_set_runs() - enter frames, as the words have them. Return: runs until out of memory. */
u32 exmap_set_runs(struct exmap_vma *s, const struct exmap_run *runs, u32 nr_runs);

/** exmap_clear_runs() - remove the entries of pages. */
void exmap_clear_runs(struct exmap_vma *s, const struct exmap_run *runs, u32 nr_runs);

/** exmap_set_one() - enter a page's frame. Return: false if it has no page-table page. */
bool exmap_set_one(struct exmap_vma *s, struct exmap_cursor *c, u64 page, struct page *frame);

/** exmap_leave_table() - unlock what the cursor has locked. */
void exmap_leave_table(struct exmap_cursor *c);

/** exmap_make_entry() - from the mapping's protection; calls are stopped. */
void exmap_make_entry(struct exmap_vma *s);

/** exmap_make_table() - have the first page-table page. Return: 0 or a negative errno. */
int exmap_make_table(struct exmap_vma *s);

/** exmap_frame_page() - the page of the frame in a BUSY word. */
static inline struct page *exmap_frame_page(const struct exmap_vma *s, u64 word)
{
	return s->dev->pages[exmap_busy_frame(word)];
}

#endif /* EXMAP_KMOD_PTES_H */
