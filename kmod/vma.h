/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* vma.h - a mapped surface: its table, and its lifetime */
#ifndef EXMAP_KMOD_VMA_H
#define EXMAP_KMOD_VMA_H

#include <linux/mmu_notifier.h>

#include "device.h"

/**
 * struct exmap_vma - the surface of an exmap, from mmap() to munmap()
 * @core:      core/'s part; must be the first field
 * @dev:       the exmap; the surface holds a reference in its @refs. Constant
 * @mm:        the address space. @notifier keeps the structure alive, but not its pages. Constant
 * @notifier:  called before the kernel changes page-table entries
 * @ender:     called after the kernel has changed them. The kernel allows no notifier that has both
 *             callbacks and refuses with EAGAIN: if one notifier refuses, the kernel calls the end
 *             callbacks of all, and such a notifier could not tell that its beginning was refused
 * @vma:       the mapping. Constant; not to be used after surface_close()
 * @entry:     page-table entry for frame 0 with the mapping's protection. Read by calls; written
 *             under @dev's lock while calls are stopped
 * @holds:     number of invalidations in progress, each of which keeps calls stopped. Under @dev's
 *             lock
 * @dead:      the mapping is going, so no call begins any more. Written under @dev's lock; a call
 *             that steps in reads it without
 * @moving:    mremap() is moving the page table, and will move it back. Written under @dev's lock;
 *             invalidate_end() reads it without
 * @exports:   number of mappings of the page-table export. Under @dev's lock
 * @refs:      references: of the two notifiers, of each export, of each call that has stepped out.
 *             Atomic
 * @free_work: frees the surface in a workqueue, where it may sleep
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

/** exmap_vma_make() - make a surface on which no page is mapped. Return: NULL without memory. */
struct exmap_vma *exmap_vma_make(struct exmap_device *dev, struct vm_area_struct *vma);

/** exmap_vma_discard() - free a surface from exmap_vma_make() that has no notifier and no page. */
void exmap_vma_discard(struct exmap_vma *s);

/**
 * exmap_vma_put() - give up a reference in @refs
 * @s: the surface
 *
 * Any context. The last reference frees the surface, which gives up its reference to the exmap.
 */
void exmap_vma_put(struct exmap_vma *s);

/** exmap_vma_prepare() - the op prepare of struct exmap_surface_ops: make missing blocks. */
bool exmap_vma_prepare(struct exmap_surface *s, u64 page, u64 len);

#endif /* EXMAP_KMOD_VMA_H */
