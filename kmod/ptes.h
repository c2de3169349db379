/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ptes.h - page-table entries of a surface
 *
 * The caller of each function here is in a call on an interface, or has stopped all calls. In both
 * cases the mapping and its page tables stay: a thread that would remove them waits for calls first
 * (surface.c). So mmap_lock is not needed.
 */
#ifndef EXMAP_KMOD_PTES_H
#define EXMAP_KMOD_PTES_H

#include "vma.h"

/**
 * struct exmap_cursor - the page-table page in use, locked; all zero at first
 * @addr: first address that the page-table page maps
 * @ptes: its entries, or NULL if no page-table page is locked
 * @lock: the kernel's lock of the page-table page; held while @ptes is not NULL
 *
 * A batch often stays in one page-table page, so walking the levels for each entry, as
 * apply_to_page_range() does, would take several times as long as setting the entry.
 *
 * The lock is a spinlock: the caller must not sleep before exmap_leave_table().
 */
struct exmap_cursor {
	unsigned long addr;
	pte_t *ptes;
	spinlock_t *lock;
};

/**
 * exmap_set_runs() - set the entries of pages to the frames in their words
 * @s:       the surface
 * @runs:    runs of pages whose words are BUSY and have frames
 * @nr_runs: number of runs
 *
 * May sleep.
 *
 * Return: number of runs that were set; fewer than all if memory for a page-table page ran out. The
 * run at which that happened may be set in part.
 */
u32 exmap_set_runs(struct exmap_vma *s, const struct exmap_run *runs, u32 nr_runs);

/** exmap_clear_runs() - clear the entries of runs. The caller must flush the TLB. */
void exmap_clear_runs(struct exmap_vma *s, const struct exmap_run *runs, u32 nr_runs);

/**
 * exmap_set_one() - set the entry of one page
 * @s:     the surface
 * @c:     a cursor; may be left on a locked page-table page
 * @page:  number of the page
 * @frame: the page of the frame
 *
 * Return: false if the page has no page-table page.
 */
bool exmap_set_one(struct exmap_vma *s, struct exmap_cursor *c, u64 page, struct page *frame);

/** exmap_leave_table() - unlock the cursor's page-table page, if there is one. */
void exmap_leave_table(struct exmap_cursor *c);

/** exmap_make_entry() - take over the mapping's protection for new entries; calls are stopped. */
void exmap_make_entry(struct exmap_vma *s);

/** exmap_make_table() - make the page-table page of the first page. Return: 0 or -ENOMEM. */
int exmap_make_table(struct exmap_vma *s);

/** exmap_frame_page() - the page of the frame in a BUSY word. */
static inline struct page *exmap_frame_page(const struct exmap_vma *s, u64 word)
{
	return s->dev->pages[exmap_busy_frame(word)];
}

#endif /* EXMAP_KMOD_PTES_H */
