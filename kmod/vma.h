/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* vma.h - a mapped surface: its table, and how long it lives */
#ifndef EXMAP_KMOD_VMA_H
#define EXMAP_KMOD_VMA_H

#include <linux/mmu_notifier.h>

#include "device.h"

/**
 * struct exmap_vma - the mapping of one exmap, from mmap() to munmap()
 * @core:     what core/ knows of it; must be first
 * @dev:      the exmap
 * @mm:       address space; a reference to its structure, not to its pages
 * @notifier: tells before the kernel touches our page-table entries; holds @mm
 * @ender:    tells after it has. One of its own, because a notifier with both
 *            must not refuse: what it was not told the beginning of it is told the
 *            end of.
 * @vma:      the mapping
 * @entry:    page-table entry of frame 0 with the mapping's protection; changes
 *            only while calls are stopped
 * @holds:    how many invalidations hold the calls stopped; under @dev's lock
 * @dead:     the mapping is going: no call begins any more
 * @moving:   the kernel tries to move the mapping, and will move it back
 * @exports:  mappings of its page-table export; under @dev's lock
 * @refs:     the notifiers, page-table exports, and calls that have stepped out
 * @free_work: gives it all back, in a context that may sleep
 */
struct exmap_vma {
	struct exmap_surface core;
	struct exmap_device *dev;
	struct mm_struct *mm;
	struct mmu_notifier notifier;
	struct mmu_notifier ender;
	struct vm_area_struct *vma;
	u64 entry;
	unsigned int holds;
	bool dead;
	bool moving;
	unsigned int exports;
	struct kref refs;
	struct work_struct free_work;
};

static inline struct exmap_vma *exmap_vma_of(struct exmap_surface *s)
{
	return (struct exmap_vma *)s;
}

/** exmap_vma_make() - a surface without a page. Return: NULL without memory. */
struct exmap_vma *exmap_vma_make(struct exmap_device *dev, struct vm_area_struct *vma);

/** exmap_vma_discard() - give back one that exmap_vma_make() made and nobody else knows. */
void exmap_vma_discard(struct exmap_vma *s);

/** exmap_vma_put() - give up a reference. From the second on it holds its exmap. */
void exmap_vma_put(struct exmap_vma *s);

/** exmap_vma_prepare() - the prepare op: make the blocks that pages will be claimed in. */
bool exmap_vma_prepare(struct exmap_surface *s, u64 page, u64 len);

#endif /* EXMAP_KMOD_VMA_H */
