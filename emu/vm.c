// SPDX-License-Identifier: MIT
/* vm.c - see vm.h */

#define _GNU_SOURCE
#include "emu/vm.h"

#include <errno.h>
#include <sys/mman.h>

#include "emu/device.h"
#include "emu/registry.h"
#include "emu/surface.h"
#include "emu/sys.h"

#ifndef MADV_COLD
#define MADV_COLD 20
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

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
	       emu_region_find((uintptr_t)addr, range_end(addr, len), &region);
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

/*
 * Takes out the lowest region that lies wholly in the range and is gone from the
 * address space. Return: whether there was one, and the exmap to put.
 */
static bool forget_region(uintptr_t start, uintptr_t end, struct exmap_device **dev)
{
	struct emu_region region;

	*dev = NULL;
	for (uintptr_t pos = start; emu_region_find(pos, end, &region); pos = region.end) {
		if (region.start < start || region.end > end)
			continue;
		emu_region_remove(region.start);
		if (region.kind == EMU_REGION_SURFACE) {
			*dev = region.surface->dev;
			emu_region_orphan(region.surface);
			emu_surface_destroy(region.surface);
		} else if (region.surface) {
			region.surface->exported = false;
		}
		return true;
	}
	return false;
}

/* emu_vm_lock() held, splits() said no. */
static long unmap_range(uintptr_t start, uintptr_t end)
{
	struct exmap_device *dev;
	struct emu_region region;
	uintptr_t last = start;
	long ret;

	while (emu_region_find(last, end, &region))
		last = region.end;
	/* First what is behind ours: the kernel refuses a range that is too long. */
	ret = last < end || last == start ? emu_sys(SYS_munmap, last, end - last) : 0;
	if (ret || last == start)
		return ret;
	for (uintptr_t pos = start; emu_region_find(pos, last, &region); pos = region.end) {
		if (region.kind == EMU_REGION_SURFACE)
			emu_device_unmap(region.surface->dev);
	}
	/* Known as ours until it is gone: a fault until then is still a SIGSEGV. */
	ret = emu_sys(SYS_munmap, start, last - start);
	while (forget_region(start, last, &dev)) {
		if (dev)
			emu_device_put(dev);
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

long emu_make_room(void *addr, size_t len)
{
	return emu_vm_overlaps(addr, len) ? emu_munmap(addr, len) : 0;
}

static long protect_region(const struct emu_region *region, uintptr_t start, uintptr_t end,
			   int prot)
{
	struct exmap_device *dev;
	long ret;

	if (region->kind == EMU_REGION_EXPORT)
		return emu_sys(SYS_mprotect, start, end - start, prot);
	dev = region->surface->dev;
	pthread_mutex_lock(&dev->lock);
	emu_device_stop_calls(dev);
	ret = emu_surface_protect(region->surface, prot);
	emu_device_start_calls(dev);
	pthread_mutex_unlock(&dev->lock);
	return ret;
}

/* Like the kernel: from the front, up to the first error. */
static long protect_range(uintptr_t start, uintptr_t end, int prot)
{
	struct emu_region region;
	long ret = 0;

	while (!ret && start < end) {
		uintptr_t stop = end;

		if (!emu_region_find(start, end, &region)) {
			ret = emu_sys(SYS_mprotect, start, end - start, prot);
		} else if (region.start > start) {
			stop = region.start;
			ret = emu_sys(SYS_mprotect, start, stop - start, prot);
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

long emu_madvise(void *addr, size_t len, int advice)
{
	long ret = -EINVAL;

	emu_vm_lock();
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
		if (!splits((uintptr_t)addr, range_end(addr, len)))
			ret = 0;
		break;
	case MADV_WILLNEED:
	case MADV_COLD:
	case MADV_PAGEOUT:
		ret = 0;
		break;
	}
	emu_vm_unlock();
	return ret;
}
