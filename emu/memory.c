// SPDX-License-Identifier: MIT
/*
 * memory.c - mmap(), munmap(), mprotect(), madvise() and mremap() of what an exmap has mapped
 *
 * See memory.h. Regions and fences are those of registry.h.
 */

#define _GNU_SOURCE
#include "emu/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "emu/device.h"
#include "emu/failed.h"
#include "emu/fence.h"
#include "emu/reentry.h"
#include "emu/registry.h"
#include "emu/strategy.h"
#include "emu/surface.h"
#include "emu/sys.h"
#include "emu/trace.h"
#include "emu/trace_file.h"
#include "emu/watch.h"
#include "emu/yield.h"

#define HUGE_SIZE (2UL << 20)

static void *error(long ret)
{
	return (void *)ret;
}

/* emu_vm_lock() and dev->lock held. */
static void *map_surface(struct exmap_file *file, struct exmap_device *dev, void *addr, size_t len,
			 int prot, int flags)
{
	struct emu_region region = { .kind = EMU_REGION_SURFACE, .exmap = dev->serial };
	struct emu_surface *s;
	int ret;

	if (dev->surface)
		return error(emu_fails("mmap", emu_surface_alive(dev->surface) ? -EBUSY : -EPROTO,
				       "the exmap has a surface already [2.1]"));
	ret = emu_surface_create(dev, addr, len, prot, flags, emu_choose_mover, &s);
	if (ret)
		return error(ret);
	s->may_write = (file->flags & O_ACCMODE) == O_RDWR;
	if (dev->core.nr_interfaces && s->mover->frames)
		s->mover->frames(s, dev->core.buffer_size);
	addr = emu_page_address(&s->core, 0);
	region.start = (uintptr_t)addr;
	region.end = region.start + len;
	region.fence = s->fence;
	region.surface = s;
	ret = emu_region_add(&region);
	if (ret) {
		emu_fence_unmap(addr, len, &s->fence);
		emu_surface_destroy(s);
		return error(ret);
	}
	dev->last_mover = s->mover->name;
	dev->generation = s->generation;
	__atomic_add_fetch(&dev->refs, 1, __ATOMIC_RELAXED);
	emu_device_stop_calls(dev);
	emu_yield(EMU_NO_INTERFACE);
	exmap_store_release(&dev->surface, s);
	emu_device_start_calls(dev);
	return addr;
}

/*
 * Maps pages of @fd for the client, between fences unless the client fixed the address, and
 * registers them as @region. emu_vm_lock() held.
 */
static void *map_file(struct emu_region *region, void *addr, size_t len, int prot, int flags,
		      int fd, u64 offset)
{
	bool placed = !(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE));
	void *mapped;
	int ret;

	if (placed) {
		addr = emu_fence_place(addr, len, flags, &region->fence);
		if (emu_is_error(addr))
			return addr;
		flags |= MAP_FIXED;
	}
	mapped = (void *)emu_sys(SYS_mmap, addr, len, prot, flags, fd, offset);
	if (emu_is_error(mapped)) {
		if (placed)
			emu_fence_unmap(addr, len, &region->fence);
		return mapped;
	}
	region->start = (uintptr_t)mapped;
	region->end = region->start + len;
	ret = emu_region_add(region);
	if (ret) {
		emu_fence_unmap(mapped, len, &region->fence);
		return error(ret);
	}
	return mapped;
}

/* emu_vm_lock() held. */
static void *map_interface(struct exmap_device *dev, void *addr, size_t len, int prot, int flags,
			   u64 index)
{
	struct emu_region region = {
		.kind = EMU_REGION_INTERFACE,
		.exmap = dev->serial,
		.interface = index,
	};

	if (!exmap_nr_interfaces(&dev->core))
		return error(emu_fails("mmap", -ENXIO,
				       "interface %llu, and the exmap was not set up: SETUP comes "
				       "first [2.2]",
				       (unsigned long long)index));
	if (index >= exmap_nr_interfaces(&dev->core))
		return error(emu_fails("mmap", -ENXIO, "interface %llu, and SETUP made %u [2.2]",
				       (unsigned long long)index, exmap_nr_interfaces(&dev->core)));
	if (len != EXMAP_PAGE_SIZE)
		return error(emu_fails("mmap", -EINVAL,
				       "%zu bytes of interface %llu, which has %lu [2.2]", len,
				       (unsigned long long)index, EXMAP_PAGE_SIZE));
	return map_file(&region, addr, len, prot, flags, dev->user_fd, index * EXMAP_PAGE_SIZE);
}

/* emu_vm_lock() and dev->lock held. */
static void *map_export(struct exmap_device *dev, void *addr, size_t len, int prot, int flags)
{
	struct emu_surface *s = dev->surface;
	struct emu_region region = {
		.kind = EMU_REGION_EXPORT,
		.exmap = dev->serial,
		.surface = s,
	};

	if (prot & PROT_WRITE)
		return error(emu_fails("mmap", -EACCES, "an export is read-only [7.3]"));
	if (!emu_surface_alive(s))
		return error(emu_fails("mmap", -EPROTO, "an export needs a mapped surface [7.3]"));
	if (s->core.base % HUGE_SIZE || s->len % HUGE_SIZE)
		return error(emu_fails("mmap", -EFAULT,
				       "an export needs a surface whose address and length are "
				       "multiples of 2 MiB; this is at %#llx, %zu bytes [7.3]",
				       (unsigned long long)s->core.base, s->len));
	if (len > s->core.nr_pages * sizeof(u64))
		return error(
			emu_fails("mmap", -EOVERFLOW,
				  "%zu bytes of export, and the surface has %llu pages of 8 bytes "
				  "each [7.3]",
				  len, (unsigned long long)s->core.nr_pages));
	if (s->exported)
		return error(emu_fails("mmap", -EBUSY, "the surface is exported already [7.3]"));
	addr = map_file(&region, addr, len, prot, flags, s->table_fd, 0);
	if (!emu_is_error(addr))
		s->exported = true;
	return addr;
}

/* The checks that the kernel makes before it calls a driver. Return: 0 or a negative errno. */
static int check(const struct exmap_file *file, size_t len, int prot, int flags, u64 offset)
{
	int mode = file->flags & O_ACCMODE;
	int type = flags & MAP_TYPE;

	if (!len || offset % EXMAP_PAGE_SIZE || flags & MAP_HUGETLB)
		return emu_fails("mmap", -EINVAL,
				 "length 0, an offset that is no multiple of 4096, or MAP_HUGETLB");
	if (len > SIZE_MAX - EXMAP_PAGE_SIZE)
		return -ENOMEM;
	if (mode == O_WRONLY || (mode == O_RDONLY && type != MAP_PRIVATE && prot & PROT_WRITE))
		return emu_fails("mmap", -EACCES,
				 "the exmap was opened for %s only; open it with O_RDWR [2.1]",
				 mode == O_WRONLY ? "writing" : "reading");
	if (type == MAP_SHARED_VALIDATE && flags & MAP_SYNC)
		return -EOPNOTSUPP;
	if (type != MAP_SHARED && type != MAP_SHARED_VALIDATE)
		return emu_fails("mmap", -EINVAL, "an exmap is mapped with MAP_SHARED [2.1]");
	return 0;
}

static void trace_mmap(const struct exmap_device *dev, void *addr, size_t len, int prot, int flags,
		       u64 offset)
{
	struct emu_trace_mapping mapping = {
		.x = &dev->core,
		.exmap = dev->serial,
		.backing_fd = dev->backing_fd,
		.offset = offset,
		.addr = addr,
		.len = len,
		.prot = prot,
		.flags = flags,
	};

	emu_trace_map(EMU_TRACE_MMAP, &mapping, emu_is_error(addr) ? (long)addr : 0);
}

void *emu_mmap(struct exmap_file *file, void *addr, size_t len, int prot, int flags, off_t offset)
{
	u64 off = offset;
	struct exmap_device *dev;
	void *ret = error(check(file, len, prot, flags, off));

	if (ret)
		return ret;
	len = (len + EXMAP_PAGE_SIZE - 1) & ~(EXMAP_PAGE_SIZE - 1);
	/* MAP_PRIVATE was refused by check(). MAP_SHARED_VALIDATE means MAP_SHARED from here on. */
	flags &= ~MAP_TYPE;
	flags |= MAP_SHARED;

	if (!emu_may_map())
		return error(emu_refuse_reentry());
	/* In a forked child this may be the first use of an exmap that its parent has opened. */
	emu_trace_start();
	emu_vm_lock();
	/* CLONE may give the file another exmap now: the reference keeps this one. */
	dev = emu_device_get(file);
	pthread_mutex_lock(&dev->lock);
	if (dev->surface && !emu_surface_alive(dev->surface))
		ret = error(emu_fails("mmap", -EPROTO,
				      "the exmap belongs to the process that mapped it, not to a "
				      "child of fork(); open another [1.4]"));
	else if (off == EXMAP_OFF_EXMAP)
		ret = map_surface(file, dev, addr, len, prot, flags);
	else if (off == EXMAP_OFF_PTEXPORT)
		ret = map_export(dev, addr, len, prot, flags);
	else if (off >= EXMAP_OFF_INTERFACE_BASE && off <= EXMAP_OFF_INTERFACE_MAX)
		ret = map_interface(dev, addr, len, prot, flags,
				    (off - EXMAP_OFF_INTERFACE_BASE) >> EXMAP_PAGE_SHIFT);
	else
		ret = error(emu_fails("mmap", -EINVAL,
				      "nothing is at offset %#llx: see EXMAP_OFF_... [2.3]",
				      (unsigned long long)off));
	if (emu_watched(EMU_WATCH_TRACE))
		trace_mmap(dev, ret, len, prot, flags, off);
	pthread_mutex_unlock(&dev->lock);
	emu_vm_unlock();
	emu_device_put(dev);
	return ret;
}

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

/* Whether the range covers a part of a region only. emu_vm_lock() held. */
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

/* Unmaps addresses from @start to before @end, if there are any. */
static long unmap(uintptr_t start, uintptr_t end)
{
	return start < end ? emu_sys(SYS_munmap, start, end - start) : 0;
}

/* Makes a region inaccessible. Another mapping replaces it soon: no other may come between. */
static long block_region(const struct emu_region *region)
{
	struct emu_fence none;
	void *place = emu_fence_place((void *)region->start, region->end - region->start, MAP_FIXED,
				      &none);

	return emu_is_error(place) ? (long)place : 0;
}

static void trace_munmap(const struct emu_region *region)
{
	struct emu_trace_mapping mapping = {
		.exmap = region->exmap,
		.backing_fd = -1,
		.offset = EXMAP_OFF_PTEXPORT,
		.addr = (void *)region->start,
		.len = region->end - region->start,
	};

	if (region->kind == EMU_REGION_SURFACE)
		mapping.offset = EXMAP_OFF_EXMAP;
	else if (region->kind == EMU_REGION_INTERFACE)
		mapping.offset = EXMAP_OFF_INTERFACE(region->interface);
	emu_trace_map(EMU_TRACE_MUNMAP, &mapping, 0);
}

/*
 * Ends one region. It is unmapped with its fences, but for what lies from @keep to before
 * @keep_end: if the region does, its addresses stay taken. emu_vm_lock() held.
 */
static long end_region(const struct emu_region *region, uintptr_t keep, uintptr_t keep_end)
{
	struct exmap_device *dev = NULL;
	long ret;

	if (region->kind == EMU_REGION_SURFACE) {
		dev = region->surface->dev;
		emu_device_unmap(dev);
		emu_yield(EMU_NO_INTERFACE);
	}
	if (emu_watched(EMU_WATCH_TRACE))
		trace_munmap(region);
	/* Unregistered after that: a SIGBUS from the mapping must be found to become a SIGSEGV. */
	if (keep == keep_end) {
		ret = emu_fence_unmap((void *)region->start, region->end - region->start,
				      &region->fence);
	} else {
		ret = block_region(region);
		unmap(fence_start(region), keep);
		unmap(keep_end, fence_end(region));
	}
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
 * Unmaps a range: the regions in it, with their fences, and the client's own mappings between
 * them. A fence in the range stays if its region is outside: to the client it is no mapping, and
 * munmap() of unmapped addresses does nothing. emu_vm_lock() held; splits() has returned false.
 */
static long unmap_range(uintptr_t start, uintptr_t end)
{
	struct emu_region region;
	uintptr_t last = start;
	long ret = 0;

	while (emu_region_find_near(last, end, &region))
		last = fence_end(&region);
	/*
	 * The part behind the last region comes first: the kernel refuses a range that leaves the
	 * address space, and then no region must be unmapped.
	 */
	if (last < end || last == start)
		ret = emu_sys(SYS_munmap, last, end - last);
	for (uintptr_t pos = start; !ret && pos < last; pos = fence_end(&region)) {
		emu_region_find_near(pos, end, &region);
		if (pos < fence_start(&region))
			ret = emu_sys(SYS_munmap, pos, fence_start(&region) - pos);
		if (!ret && region.start < end && region.end > start)
			ret = end_region(&region, 0, 0);
	}
	return ret;
}

long emu_munmap(void *addr, size_t len)
{
	uintptr_t start = (uintptr_t)addr;
	uintptr_t end = range_end(addr, len);
	long ret;

	if (!emu_may_map())
		return emu_refuse_reentry();
	emu_vm_lock();
	if (splits(start, end))
		ret = emu_fails("munmap", -EINVAL,
				"a part of a surface or export cannot be unmapped [2.5]");
	else
		ret = unmap_range(start, end);
	emu_vm_unlock();
	return ret;
}

/* Leaves of a fence the part between its region and a range. emu_vm_lock() held. */
static void cut_fence(const struct emu_region *region, uintptr_t start, uintptr_t end)
{
	struct emu_fence fence = region->fence;

	/* The part in the range stays inaccessible until the range is mapped. */
	if (end <= region->start) {
		unmap(fence_start(region), start);
		fence.before = region->start - end;
	} else {
		unmap(end, fence_end(region));
		fence.after = start - region->end;
	}
	emu_region_refence(region->start, &fence);
}

/* Whether the kernel can map something up to @end. */
static bool in_address_space(uintptr_t end)
{
	uintptr_t page = end - EXMAP_PAGE_SIZE;
	void *there = (void *)emu_sys(SYS_mmap, page, EXMAP_PAGE_SIZE, PROT_NONE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (emu_is_error(there))
		return (long)there == -EEXIST;
	emu_sys(SYS_munmap, there, EXMAP_PAGE_SIZE);
	return true;
}

/*
 * Ends the regions in a range that is about to be mapped, and the parts of fences in it. The
 * range's addresses stay as taken as they were, and the client's own memory in it is left alone:
 * the mapping that comes replaces all of it in one step. emu_vm_lock() held.
 */
static long make_room(void *addr, size_t len)
{
	uintptr_t start = (uintptr_t)addr;
	uintptr_t end = range_end(addr, len);
	struct emu_region region;
	long ret = 0;

	if (!emu_vm_overlaps(addr, len))
		return 0;
	if (splits(start, end))
		return -EINVAL;
	if (!in_address_space(end))
		return -ENOMEM;
	for (uintptr_t pos = start; !ret && emu_region_find_near(pos, end, &region);
	     pos = fence_end(&region)) {
		if (region.start < end && region.end > start)
			ret = end_region(&region, start, end);
		else
			cut_fence(&region, start, end);
	}
	return ret;
}

long emu_make_room(void *addr, size_t len)
{
	long ret;

	if (!emu_may_map())
		return emu_refuse_reentry();
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

/*
 * Protects from the front up to the first error, as the kernel does. A fence is an error: to the
 * client nothing is mapped there. emu_vm_lock() held.
 */
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
	long ret;

	if (!emu_may_map())
		return emu_refuse_reentry();
	emu_vm_lock();
	if (splits(start, end))
		ret = emu_fails("mprotect", -EINVAL,
				"a part of a surface cannot be protected [2.5]");
	else if (prot & (PROT_GROWSDOWN | PROT_GROWSUP))
		ret = -EINVAL;
	else
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
		/* Flags of a mapping: taken but not applied. The surface keeps those of fence.c. */
		return splits(start, end) ? -EINVAL : 0;
	case MADV_WILLNEED:
	case MADV_COLD:
	case MADV_PAGEOUT:
		return 0;
	}
	return -EINVAL;
}

/* Whether a range meets a surface or an export: the kernel must not get advice on these. */
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

	if (!emu_may_map())
		return emu_refuse_reentry();
	emu_vm_lock();
	if (meets_surface(start, end)) {
		ret = advise_regions(start, end, advice);
	} else {
		ret = emu_sys(SYS_madvise, addr, len, advice);
		/* The kernel's error for a range that is partly unmapped, as a fence is. */
		if (!ret && meets_fence(start, end))
			ret = -ENOMEM;
	}
	emu_vm_unlock();
	return ret;
}

/* Whether the kernel refuses a fixed target before it unmaps what is there. */
static bool bad_target(uintptr_t start, size_t len, size_t new_len, int flags, uintptr_t target)
{
	if (!(flags & MREMAP_MAYMOVE) ||
	    flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return true;
	if (flags & MREMAP_DONTUNMAP && len != new_len)
		return true;
	return !new_len || bad_range((void *)target, new_len) ||
	       (target < start + len && start < range_end((void *)target, new_len));
}

/* Interface pages have moved away. Their fences stay behind, and are unmapped. */
static void forget_moved(uintptr_t start, uintptr_t end)
{
	struct emu_region region;

	while (emu_region_find(start, end, &region)) {
		unmap(fence_start(&region), region.start);
		unmap(region.end, fence_end(&region));
		emu_region_remove(region.start);
	}
}

/* emu_vm_lock() held. @start is a page; @len and @new_len are whole pages. */
static long do_mremap(uintptr_t start, size_t len, size_t new_len, int flags, void *target)
{
	/* A length of 0 asks for a second mapping of the page at @start. */
	uintptr_t end = start + (len ? len : EXMAP_PAGE_SIZE);
	long ret = 0;

	/* Only interface pages may move. */
	if (meets_surface(start, end))
		return -EFAULT;
	if (flags & MREMAP_FIXED && !bad_target(start, len, new_len, flags, (uintptr_t)target))
		ret = make_room(target, new_len);
	if (!ret && meets_fence(start, end)) {
		/* To the client a fence is not mapped: a range may shrink away from it. */
		if (new_len >= len || meets_fence(start, start + new_len))
			return -EFAULT;
		ret = unmap_range(start + new_len, end);
		len = new_len;
		end = start + len;
	}
	if (!ret)
		ret = emu_sys(SYS_mremap, start, len, new_len, flags, target);
	if (!emu_is_error((void *)ret) && ret != (long)start && len && !(flags & MREMAP_DONTUNMAP))
		forget_moved(start, end);
	return ret;
}

long emu_mremap(void *addr, size_t len, size_t new_len, int flags, void *target)
{
	long ret;

	if (bad_range(addr, len) || bad_range(NULL, new_len))
		return emu_sys(SYS_mremap, addr, len, new_len, flags, target);
	if (!emu_may_map())
		return emu_refuse_reentry();
	emu_vm_lock();
	ret = do_mremap((uintptr_t)addr, range_end(NULL, len), range_end(NULL, new_len), flags,
			target);
	emu_vm_unlock();
	return ret;
}
