// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * surface.c - the surface's mapping, and how it gets along with the kernel
 *
 * The module sets page-table entries without the kernel's reverse map and counters. So a FREE has
 * no bookkeeping for each page, and needs one TLB flush for all its pages. In return the kernel
 * must never clear such an entry itself. An mmu notifier is called before the kernel would:
 *
 * munmap(), exit  calls on this surface end; the module clears its entries
 * MADV_DONTNEED   calls stop; the module clears the entries of the range; calls start again
 * mprotect()      calls stop; the kernel changes entries in place; calls start again
 * mremap()        calls stop; the kernel moves entries, is refused, moves them back; calls start
 *
 * The frames of entries that the module clears go to the pool. The pages are ordinary ones
 * (VM_MIXEDMAP), so O_DIRECT I/O works on them.
 */

#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "background.h"
#include "compat.h"
#include "core/shadow.h"
#include "entry.h"
#include "pages.h"
#include "ptes.h"
#include "surface.h"

/*
 * Clears the entries of the part of the surface that is in the range, and returns its frames to the
 * pool. Calls are stopped.
 */
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
		/*
		 * Other events change one entry at a time under the page table's lock, as the
		 * module does.
		 */
		return false;
	}
	return range->start < s->core.base + (s->core.nr_pages << PAGE_SHIFT) &&
	       range->end > s->core.base;
}

/*
 * Takes the device's lock in a callback of a notifier. lockdep would warn of a deadlock: memory
 * reclaim calls notifiers, and the module allocates memory, which may reclaim, under this lock.
 * That cannot happen, because reclaim does not know the surface's pages. So lockdep is off until
 * the lock is released.
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

/*
 * From now on no call begins on the surface. Caller has stopped calls and holds the device's lock.
 */
static void bury(struct exmap_vma *s)
{
	WRITE_ONCE(s->dead, true);
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
	 * UNMAP is the event of munmap() and of mremap(). munmap() has removed the mapping from the
	 * address space by now, so the surface goes. If the mapping is still there, this is
	 * mremap(): the kernel moves the page table, calls surface_mremap(), which refuses, and
	 * moves the page table back. Nothing may be touched until then.
	 */
	if (range->event == MMU_NOTIFY_UNMAP) {
		bool moving =
			find_vma(s->mm, s->core.base) == s->vma && !exmap_vma_detached(s->vma);

		WRITE_ONCE(s->moving, moving);
		if (!moving)
			bury(s);
	}
	if (range->event == MMU_NOTIFY_CLEAR || s->dead)
		forget_range(s, range->start, range->end);
	unlock_in_notifier(s);
	return 0;
}

/* Starts calls again if no invalidation holds them, with the mapping's protection of now. */
static void restart(struct exmap_vma *s)
{
	if (s->holds)
		return;
	exmap_make_entry(s);
	exmap_surface_protect(&s->core, s->vma->vm_flags & VM_WRITE, s->vma->vm_flags & VM_EXEC);
	exmap_start_calls(s->dev);
}

/*
 * mremap() invalidates twice. The first time the range is the surface's old place, which concerns
 * the surface: calls stay stopped. The second time it moves the page table back from the new place,
 * which does not: calls start again.
 */
static void end_move(struct exmap_vma *s, const struct mmu_notifier_range *range)
{
	if (concerns(s, range))
		return;
	lock_in_notifier(s);
	WRITE_ONCE(s->moving, false);
	s->holds--;
	restart(s);
	unlock_in_notifier(s);
}

static void invalidate_end(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct exmap_vma *s = container_of(mn, struct exmap_vma, ender);

	/* invalidate_start() refused it with EAGAIN, so there is nothing to end. */
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
	/* If the surface is going, calls stay stopped until surface_close(). */
	if (!s->dead)
		restart(s);
	unlock_in_notifier(s);
}

/*
 * The process exits. The kernel frees the page tables after this call, without calling
 * invalidate_start().
 */
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
 * Called for a copy of the mapping, which is never the surface itself. mremap() makes one in the
 * same address space. fork() makes one in the child after MADV_DOFORK, and copies the entries, for
 * which the kernel then does its own bookkeeping. The child must not have them [1.4]. Stable
 * releases differ in when they copy:
 *
 * after this call   VM_WIPEONFORK, set below, prevents the copy
 * before this call  the entries are there and are removed here. zap_special_vma_range()
 *                   may demand VM_PFNMAP, which makes no difference to entries of ordinary
 *                   pages.
 */
static void surface_open(struct vm_area_struct *vma)
{
	struct exmap_vma *s = vma->vm_private_data;

	vma->vm_private_data = NULL;
	if (!s || vma->vm_mm == s->mm)
		return;
	vm_flags_set(vma, VM_PFNMAP);
	zap_special_vma_range(vma, vma->vm_start, vma->vm_end - vma->vm_start);
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
	/*
	 * Usually nothing is left to clear. But if the kernel's mmap() failed after exmap_mmap()
	 * had succeeded, no notifier was called.
	 */
	forget_range(s, 0, ULONG_MAX);
	WRITE_ONCE(dev->surface, NULL);
	exmap_start_calls(dev);
	mutex_unlock(&dev->lock);
	/*
	 * The notifiers' references are given up, by free_ender() and free_notifier(), when no
	 * callback can run any more.
	 */
	exmap_background_ends();
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

/*
 * Registers a notifier. Task work, such as a completion of io_uring, counts as a pending signal,
 * and cannot be blocked: it waits for the end of the system call.
 */
static int watch_uninterrupted(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	bool waiting = false;
	int ret;

	do {
		waiting |= test_and_clear_thread_flag(TIF_NOTIFY_SIGNAL);
		ret = __mmu_notifier_register(notifier, mm);
	} while (ret == -EINTR && test_thread_flag(TIF_NOTIFY_SIGNAL));
	if (waiting)
		set_thread_flag(TIF_NOTIFY_SIGNAL);
	return ret;
}

/* Registers both notifiers. mmap_lock is held. Return: 0 or a negative errno. */
static int watch(struct exmap_vma *s)
{
	sigset_t most, old;
	int ret;

	/* Registering fails with EINTR if a signal is pending, which mmap() must not. */
	siginitsetinv(&most, sigmask(SIGKILL));
	sigprocmask(SIG_BLOCK, &most, &old);
	ret = watch_uninterrupted(&s->ender, s->mm);
	if (!ret) {
		ret = watch_uninterrupted(&s->notifier, s->mm);
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
	/*
	 * Make the first page-table page now. Without any page table, mprotect() would not call the
	 * notifier, and the module would miss the new protection.
	 */
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
	/* Of the surface before this one: its pages are gone, its records are not. */
	exmap_forget_shadows(&dev->core);
	WRITE_ONCE(dev->surface, s);
	WRITE_ONCE(dev->mm, s->mm);
	exmap_start_calls(dev);
	return 0;

fail:
	exmap_vma_discard(s);
	return ret;
}
