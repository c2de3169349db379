// SPDX-License-Identifier: MIT
/* vm.c - see vm.h */

#define _GNU_SOURCE
#include "emu/vm.h"

#include <errno.h>
#include <sys/mman.h>

#include "emu/device.h"
#include "emu/fence.h"
#include "emu/registry.h"
#include "emu/surface.h"
#include "emu/sys.h"

static uintptr_t range_end(const void *addr, size_t len)
{
	size_t pages = (len + EXMAP_PAGE_SIZE - 1) & ~(EXMAP_PAGE_SIZE - 1);

	return (uintptr_t)addr + pages;
}

static bool bad_range(const void *addr, size_t len)
{
	uintptr_t start = (uintptr_t)addr;

	return start % EXMAP_PAGE_SIZE || len > SIZE_MAX - EXMAP_PAGE_SIZE ||
	       range_end(addr, len) < start;
}

bool emu_vm_overlaps(const void *addr, size_t len)
{
	struct emu_region region;

	return len && !bad_range(addr, len) &&
	       emu_region_find_near((uintptr_t)addr, range_end(addr, len), &region);
}

/* Whether the range would cut a surface or an export in two. emu_vm_lock() held. */
static bool splits(uintptr_t start, uintptr_t end)
{
	struct emu_region region;

	for (uintptr_t pos = start; emu_region_find(pos, end, &region); pos = region.end) {
		if (region.start < start || region.end > end)
			return true;
	}
	return false;
}

static uintptr_t fence_start(const struct emu_region *region)
{
	return region->start - region->fence.before;
}

static uintptr_t fence_end(const struct emu_region *region)
{
	return region->end + region->fence.after;
}

/* Unmaps one region and its fences. emu_vm_lock() held. */
static long unmap_region(const struct emu_region *region)
{
	struct exmap_device *dev = NULL;
	long ret;

	if (region->kind == EMU_REGION_SURFACE) {
		dev = region->surface->dev;
		emu_device_unmap(dev);
	}
	/* Registered until the mapping is gone: a fault until then is still a SIGSEGV. */
	ret = emu_fence_unmap((void *)region->start, region->end - region->start, &region->fence);
	emu_region_remove(region->start);
	if (dev) {
		emu_region_orphan(region->surface);
		emu_surface_destroy(region->surface);
		emu_device_put(dev);
	} else if (region->surface) {
		region->surface->exported = false;
	}
	return ret;
}

/*
 * Unmaps a range: regions in it with their fences, and what else is there. Fences of regions that
 * are not in the range stay: to the client they are no mappings. emu_vm_lock() held, splits() said
 * no.
 */
static long unmap_range(uintptr_t start, uintptr_t end)
{
	struct emu_region region;
	uintptr_t last = start;
	long ret = 0;

	while (emu_region_find_near(last, end, &region))
		last = fence_end(&region);
	/* First what is behind ours: the kernel refuses a range that is too long. */
	if (last < end || last == start)
		ret = emu_sys(SYS_munmap, last, end - last);
	for (uintptr_t pos = start; !ret && pos < last; pos = fence_end(&region)) {
		emu_region_find_near(pos, end, &region);
		if (pos < fence_start(&region))
			ret = emu_sys(SYS_munmap, pos, fence_start(&region) - pos);
		if (!ret && region.start < end && region.end > start)
			ret = unmap_region(&region);
	}
	return ret;
}

long emu_munmap(void *addr, size_t len)
{
	uintptr_t start = (uintptr_t)addr;
	uintptr_t end = range_end(addr, len);
	long ret = -EINVAL;

	emu_vm_lock();
	if (!splits(start, end))
		ret = unmap_range(start, end);
	emu_vm_unlock();
	return ret;
}

/* Takes away those fences in a range whose regions are not. emu_vm_lock() held. */
static void remove_fences(uintptr_t start, uintptr_t end)
{
	struct emu_region region;

	for (uintptr_t pos = start; emu_region_find_near(pos, end, &region);
	     pos = fence_end(&region)) {
		struct emu_fence fence = region.fence;

		if (end <= region.start) {
			emu_sys(SYS_munmap, fence_start(&region), fence.before);
			fence.before = 0;
		} else {
			emu_sys(SYS_munmap, region.end, fence.after);
			fence.after = 0;
		}
		emu_region_refence(region.start, &fence);
	}
}

/* emu_vm_lock() held. */
static long make_room(void *addr, size_t len)
{
	uintptr_t start = (uintptr_t)addr;
	uintptr_t end = range_end(addr, len);
	long ret;

	if (!emu_vm_overlaps(addr, len))
		return 0;
	if (splits(start, end))
		return -EINVAL;
	ret = unmap_range(start, end);
	if (!ret)
		remove_fences(start, end);
	return ret;
}

long emu_make_room(void *addr, size_t len)
{
	long ret;

	emu_vm_lock();
	ret = make_room(addr, len);
	emu_vm_unlock();
	return ret;
}

static long protect_region(const struct emu_region *region, uintptr_t start, uintptr_t end,
			   int prot)
{
	struct exmap_device *dev;
	long ret;

	if (region->kind != EMU_REGION_SURFACE)
		return emu_sys(SYS_mprotect, start, end - start, prot);
	dev = region->surface->dev;
	pthread_mutex_lock(&dev->lock);
	emu_device_stop_calls(dev);
	ret = emu_surface_protect(region->surface, prot);
	emu_device_start_calls(dev);
	pthread_mutex_unlock(&dev->lock);
	return ret;
}

/* Like the kernel: from the front, up to the first error. A fence is no mapping. */
static long protect_range(uintptr_t start, uintptr_t end, int prot)
{
	struct emu_region region;
	long ret = 0;

	while (!ret && start < end) {
		uintptr_t stop = end;

		if (!emu_region_find_near(start, end, &region)) {
			ret = emu_sys(SYS_mprotect, start, end - start, prot);
		} else if (fence_start(&region) > start) {
			stop = fence_start(&region);
			ret = emu_sys(SYS_mprotect, start, stop - start, prot);
		} else if (start < region.start || start >= region.end) {
			ret = -ENOMEM;
		} else {
			stop = EXMAP_MIN(region.end, end);
			ret = protect_region(&region, start, stop, prot);
		}
		start = stop;
	}
	return ret;
}

long emu_mprotect(void *addr, size_t len, int prot)
{
	uintptr_t start = (uintptr_t)addr;
	uintptr_t end = range_end(addr, len);
	long ret = -EINVAL;

	emu_vm_lock();
	if (!splits(start, end) && !(prot & (PROT_GROWSDOWN | PROT_GROWSUP)))
		ret = protect_range(start, end, prot);
	emu_vm_unlock();
	return ret;
}

/* Advice that meets a surface or an export. emu_vm_lock() held. */
static long advise_regions(uintptr_t start, uintptr_t end, int advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
		/* These are flags of a mapping. Our own memory keeps ours. */
		return splits(start, end) ? -EINVAL : 0;
	case MADV_WILLNEED:
	case MADV_COLD:
	case MADV_PAGEOUT:
		return 0;
	}
	return -EINVAL;
}

/* Whether a range meets a region in whose advice the kernel has no say. emu_vm_lock() held. */
static bool meets_surface(uintptr_t start, uintptr_t end)
{
	struct emu_region region;

	for (uintptr_t pos = start; emu_region_find(pos, end, &region); pos = region.end) {
		if (region.kind != EMU_REGION_INTERFACE)
			return true;
	}
	return false;
}

/* Whether a range meets a fence. emu_vm_lock() held. */
static bool meets_fence(uintptr_t start, uintptr_t end)
{
	struct emu_region region;

	for (uintptr_t pos = start; emu_region_find_near(pos, end, &region);
	     pos = fence_end(&region)) {
		if (EXMAP_MAX(start, fence_start(&region)) < region.start ||
		    EXMAP_MIN(end, fence_end(&region)) > region.end)
			return true;
	}
	return false;
}

long emu_madvise(void *addr, size_t len, int advice)
{
	uintptr_t start = (uintptr_t)addr;
	uintptr_t end = range_end(addr, len);
	long ret;

	emu_vm_lock();
	if (meets_surface(start, end)) {
		ret = advise_regions(start, end, advice);
	} else {
		ret = emu_sys(SYS_madvise, addr, len, advice);
		/* What the kernel says of a range that is not all mapped. */
		if (!ret && meets_fence(start, end))
			ret = -ENOMEM;
	}
	emu_vm_unlock();
	return ret;
}

long emu_mremap(void *addr, size_t len, size_t new_len, int flags, void *new_addr)
{
	uintptr_t start = (uintptr_t)addr;
	/* A length of 0 asks for a second view of the page at the address. */
	uintptr_t end = range_end(addr, len ? len : 1);
	struct emu_region region;
	long ret = -EFAULT;

	emu_vm_lock();
	/* An interface page may move. The fences belong to its old place. */
	if (emu_region_find(start, end, &region) && region.kind == EMU_REGION_INTERFACE &&
	    region.start == start) {
		ret = flags & MREMAP_FIXED ? make_room(new_addr, new_len) : 0;
		if (!ret)
			ret = emu_sys(SYS_mremap, addr, len, new_len, flags, new_addr);
		if (ret != (long)start && !emu_is_error((void *)ret) && len) {
			emu_sys(SYS_munmap, fence_start(&region), region.fence.before);
			emu_sys(SYS_munmap, region.end, region.fence.after);
			emu_region_remove(start);
		}
	}
	emu_vm_unlock();
	return ret;
}
