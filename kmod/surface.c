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
#include <linux/sched/signal.h>

#include "compat.h"
#include "entry.h"
#include "pages.h"
#include "ptes.h"
#include "surface.h"

/* Frames of a range that goes return to the pool; calls are stopped. */
static void forget_range(struct exmap_vma *s, unsigned long start, unsigned long end)
{
	unsigned long base = s->core.base;

	exmap_clear_range(s, max(start, base), min(end, base + (s->core.nr_pages << PAGE_SHIFT)));
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

/*
 * For the notifiers' callbacks. Reclaim holds lockdep's map of them, and we
 * reclaim under the device's lock; but reclaim never gets here, as it does not
 * know our pages.
 */
static void lock_in_notifier(struct exmap_vma *s)
{
	lockdep_off();
	mutex_lock(&s->dev->lock);
}

static void unlock_in_notifier(struct exmap_vma *s)
{
	mutex_unlock(&s->dev->lock);
	lockdep_on();
}

/* Calls are stopped, or none has begun. */
static void bury(struct exmap_vma *s)
{
	s->dead = true;
	WRITE_ONCE(s->dev->mm, NULL);
}

static int invalidate_start(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct exmap_vma *s = container_of(mn, struct exmap_vma, notifier);

	if (!concerns(s, range))
		return 0;
	if (!mmu_notifier_range_blockable(range))
		return -EAGAIN;
	lock_in_notifier(s);
	if (!s->holds++)
		exmap_stop_calls(s->dev);
	/*
	 * munmap() has taken the mapping out of the address space by now. If it is
	 * there, mremap() moves the page table, hears from surface_mremap() that it
	 * may not, and moves it back: nothing of it is to be touched until then.
	 */
	if (range->event == MMU_NOTIFY_UNMAP) {
		s->moving = find_vma(s->mm, s->core.base) == s->vma && !exmap_vma_detached(s->vma);
		if (!s->moving)
			bury(s);
	}
	if (range->event == MMU_NOTIFY_CLEAR || s->dead)
		forget_range(s, range->start, range->end);
	unlock_in_notifier(s);
	return 0;
}

static void restart(struct exmap_vma *s)
{
	if (s->holds)
		return;
	exmap_make_entry(s);
	exmap_surface_protect(&s->core, s->vma->vm_flags & VM_WRITE, s->vma->vm_flags & VM_EXEC);
	exmap_start_calls(s->dev);
}

/* The move there keeps its hold; the move back, from elsewhere, gives it up. */
static void end_move(struct exmap_vma *s, const struct mmu_notifier_range *range)
{
	if (concerns(s, range))
		return;
	lock_in_notifier(s);
	s->moving = false;
	s->holds--;
	restart(s);
	unlock_in_notifier(s);
}

static void invalidate_end(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct exmap_vma *s = container_of(mn, struct exmap_vma, ender);

	/* Its beginning was refused. */
	if (!mmu_notifier_range_blockable(range))
		return;
	if (range->event == MMU_NOTIFY_UNMAP && READ_ONCE(s->moving)) {
		end_move(s, range);
		return;
	}
	if (!concerns(s, range))
		return;
	lock_in_notifier(s);
	s->holds--;
	/* A dying surface stays stopped until its vm_ops->close(). */
	if (!s->dead)
		restart(s);
	unlock_in_notifier(s);
}

/* The address space ends: its page tables go without asking once more. */
static void release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	struct exmap_vma *s = container_of(mn, struct exmap_vma, notifier);

	lock_in_notifier(s);
	exmap_stop_calls(s->dev);
	bury(s);
	forget_range(s, 0, ULONG_MAX);
	unlock_in_notifier(s);
}

static void free_notifier(struct mmu_notifier *mn)
{
	exmap_vma_put(container_of(mn, struct exmap_vma, notifier));
}

static void free_ender(struct mmu_notifier *mn)
{
	exmap_vma_put(container_of(mn, struct exmap_vma, ender));
}

static const struct mmu_notifier_ops notifier_ops = {
	.invalidate_range_start = invalidate_start,
	.release = release,
	.free_notifier = free_notifier,
};

static const struct mmu_notifier_ops ender_ops = {
	.invalidate_range_end = invalidate_end,
	.free_notifier = free_ender,
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

/*
 * The copy that mremap() makes, or that fork() makes after MADV_DOFORK: neither
 * is the surface. A child gets a copy of the entries, with the kernel's own
 * bookkeeping. Where that comes after this call, VM_WIPEONFORK keeps it off; where
 * it came before (older stable releases), it is undone: VM_PFNMAP is what
 * zap_vma_ptes() asks for, and makes no difference to entries of ordinary pages.
 */
static void surface_open(struct vm_area_struct *vma)
{
	struct exmap_vma *s = vma->vm_private_data;

	vma->vm_private_data = NULL;
	if (!s || vma->vm_mm == s->mm)
		return;
	vm_flags_set(vma, VM_PFNMAP);
	zap_vma_ptes(vma, vma->vm_start, vma->vm_end - vma->vm_start);
	vm_flags_clear(vma, VM_PFNMAP);
	vm_flags_set(vma, VM_WIPEONFORK);
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
	bury(s);
	/* Nothing, unless the mmap() has failed after we had our part in it. */
	forget_range(s, 0, ULONG_MAX);
	WRITE_ONCE(dev->surface, NULL);
	exmap_start_calls(dev);
	mutex_unlock(&dev->lock);
	/* Frees the surface once no invalidation can find it. */
	mmu_notifier_put(&s->ender);
	mmu_notifier_put(&s->notifier);
}

static const struct vm_operations_struct surface_vm_ops = {
	.open = surface_open,
	.close = surface_close,
	.may_split = surface_may_split,
	.mremap = surface_mremap,
	.fault = surface_fault,
};

/* mmap() holds mmap_lock already. Return: 0 or a negative errno. */
static int watch(struct exmap_vma *s)
{
	sigset_t most, old;
	int ret;

	/* It gives up at any signal, which mmap() does not: keep off all but SIGKILL. */
	siginitsetinv(&most, sigmask(SIGKILL));
	sigprocmask(SIG_BLOCK, &most, &old);
	ret = __mmu_notifier_register(&s->ender, s->mm);
	if (!ret) {
		ret = __mmu_notifier_register(&s->notifier, s->mm);
		if (ret)
			mmu_notifier_unregister(&s->ender, s->mm);
		else
			kref_get(&s->refs);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ret;
}

int exmap_surface_create(struct exmap_device *dev, struct vm_area_struct *vma)
{
	struct exmap_vma *s;
	int ret;

	if (dev->surface)
		return -EBUSY;
	s = exmap_vma_make(dev, vma);
	if (!s)
		return -ENOMEM;
	s->core.ops = &exmap_surface_ops;
	s->core.present_bits =
		exmap_present_bits(vma->vm_flags & VM_WRITE, vma->vm_flags & VM_EXEC);
	exmap_make_entry(s);
	/* A table that stays: without one mprotect() has nothing to tell of. */
	ret = exmap_make_table(s);
	if (ret)
		goto fail;
	s->notifier.ops = &notifier_ops;
	s->ender.ops = &ender_ops;
	ret = watch(s);
	if (ret)
		goto fail;
	kref_get(&dev->refs);
	vm_flags_set(vma, VM_MIXEDMAP | VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &surface_vm_ops;
	vma->vm_private_data = s;
	exmap_stop_calls(dev);
	WRITE_ONCE(dev->surface, s);
	WRITE_ONCE(dev->mm, s->mm);
	exmap_start_calls(dev);
	return 0;

fail:
	exmap_vma_discard(s);
	return ret;
}
