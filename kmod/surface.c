// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * surface.c - the mapping of an exmap, and how it lives with the kernel
 *
 * Our page-table entries are set without the kernel's reverse map and counters,
 * so nothing but us may take them away: an mmu notifier is told before anything
 * would, keeps calls out, and clears the entries itself. In return a FREE needs
 * no per-page bookkeeping of the kernel's and one TLB flush for all its pages.
 * The pages are ordinary ones (VM_MIXEDMAP), so O_DIRECT I/O works on them.
 */

#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "device.h"

/* Frames of a range that goes return to the pool; calls are stopped. */
static void forget_range(struct exmap_vma *s, unsigned long start, unsigned long end)
{
	exmap_clear_range(s, max(start, s->vma->vm_start), min(end, s->vma->vm_end));
}

static bool concerns(const struct exmap_vma *s, const struct mmu_notifier_range *range)
{
	switch (range->event) {
	case MMU_NOTIFY_UNMAP:
	case MMU_NOTIFY_CLEAR:
	case MMU_NOTIFY_PROTECTION_VMA:
		break;
	default:
		/* Done entry by entry under the page-table lock, as our own changes are. */
		return false;
	}
	return range->start < s->core.base + (s->core.nr_pages << PAGE_SHIFT) &&
	       range->end > s->core.base;
}

static int invalidate_start(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct exmap_vma *s = container_of(mn, struct exmap_vma, notifier);

	if (!concerns(s, range))
		return 0;
	if (!mmu_notifier_range_blockable(range))
		return -EAGAIN;
	mutex_lock(&s->dev->lock);
	if (!s->holds++)
		exmap_stop_calls(s->dev);
	if (range->event == MMU_NOTIFY_UNMAP)
		s->dead = true;
	if (range->event != MMU_NOTIFY_PROTECTION_VMA)
		forget_range(s, range->start, range->end);
	mutex_unlock(&s->dev->lock);
	return 0;
}

static void invalidate_end(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct exmap_vma *s = container_of(mn, struct exmap_vma, notifier);

	if (!concerns(s, range))
		return;
	mutex_lock(&s->dev->lock);
	s->prot = s->vma->vm_page_prot;
	/* A dying surface stays stopped until its vm_ops->close(). */
	if (!--s->holds && !s->dead)
		exmap_start_calls(s->dev);
	mutex_unlock(&s->dev->lock);
}

/* The address space ends: its page tables go without asking once more. */
static void release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	struct exmap_vma *s = container_of(mn, struct exmap_vma, notifier);

	mutex_lock(&s->dev->lock);
	exmap_stop_calls(s->dev);
	s->dead = true;
	forget_range(s, 0, ULONG_MAX);
	mutex_unlock(&s->dev->lock);
}

static void free_notifier(struct mmu_notifier *mn)
{
	struct exmap_vma *s = container_of(mn, struct exmap_vma, notifier);
	u64 nr_blocks = DIV_ROUND_UP(s->core.nr_pages, EXMAP_BLOCK_PAGES);
	u64 i;

	for (i = 0; i < nr_blocks; i++)
		free_page((unsigned long)s->core.blocks[i]);
	kvfree(s->core.blocks);
	exmap_device_put(s->dev);
	kfree(s);
}

static const struct mmu_notifier_ops notifier_ops = {
	.invalidate_range_start = invalidate_start,
	.invalidate_range_end = invalidate_end,
	.release = release,
	.free_notifier = free_notifier,
};

static vm_fault_t surface_fault(struct vm_fault *vmf)
{
	return VM_FAULT_SIGSEGV;
}

static int surface_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	return -EINVAL;
}

static int surface_mremap(struct vm_area_struct *vma)
{
	return -EFAULT;
}

/* A copy in a child that cleared VM_DONTCOPY: it is not the surface. */
static void surface_open(struct vm_area_struct *vma)
{
	vma->vm_private_data = NULL;
}

static void surface_close(struct vm_area_struct *vma)
{
	struct exmap_vma *s = vma->vm_private_data;
	struct exmap_device *dev;

	if (!s)
		return;
	dev = s->dev;
	mutex_lock(&dev->lock);
	exmap_stop_calls(dev);
	s->dead = true;
	WRITE_ONCE(dev->surface, NULL);
	exmap_start_calls(dev);
	mutex_unlock(&dev->lock);
	/* Frees the surface once no invalidation can find it. */
	mmu_notifier_put(&s->notifier);
}

const struct vm_operations_struct exmap_surface_vm_ops = {
	.open = surface_open,
	.close = surface_close,
	.may_split = surface_may_split,
	.mremap = surface_mremap,
	.fault = surface_fault,
};

int exmap_surface_create(struct exmap_device *dev, struct vm_area_struct *vma)
{
	struct exmap_vma *s;
	int ret = -ENOMEM;

	if (dev->surface)
		return -EBUSY;
	s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	if (!s)
		return -ENOMEM;
	s->core.ops = &exmap_surface_ops;
	s->core.base = vma->vm_start;
	s->core.nr_pages = vma_pages(vma);
	s->core.present_bits = EXMAP_WORD_PRESENT;
	s->core.blocks = kvcalloc(DIV_ROUND_UP(s->core.nr_pages, EXMAP_BLOCK_PAGES),
				  sizeof(*s->core.blocks), GFP_KERNEL_ACCOUNT);
	if (!s->core.blocks)
		goto fail;
	s->dev = dev;
	s->vma = vma;
	s->mm = vma->vm_mm;
	s->prot = vma->vm_page_prot;
	s->notifier.ops = &notifier_ops;
	/* mmap() holds mmap_lock already. */
	ret = __mmu_notifier_register(&s->notifier, s->mm);
	if (ret)
		goto fail;
	kref_get(&dev->refs);
	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &exmap_surface_vm_ops;
	vma->vm_private_data = s;
	exmap_stop_calls(dev);
	WRITE_ONCE(dev->surface, s);
	exmap_start_calls(dev);
	return 0;

fail:
	kvfree(s->core.blocks);
	kfree(s);
	return ret;
}
