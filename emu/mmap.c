// SPDX-License-Identifier: MIT
/* mmap.c - what an mmap() of an exmap fd maps: surface, interface, page table */

#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>

#include "emu/device.h"
#include "emu/fence.h"
#include "emu/mover.h"
#include "emu/process.h"
#include "emu/registry.h"
#include "emu/report.h"
#include "emu/surface.h"
#include "emu/sys.h"

#define HUGE_SIZE (2UL << 20)

static void *error(long ret)
{
	return (void *)ret;
}

/* emu_vm_lock() and the device's lock held. */
static void *map_surface(struct exmap_file *file, struct exmap_device *dev, void *addr, size_t len,
			 int prot, int flags)
{
	struct emu_region region = { .kind = EMU_REGION_SURFACE, .exmap = dev->serial };
	struct emu_surface *s;
	int ret;

	if (dev->surface)
		return error(emu_surface_alive(dev->surface) ? -EBUSY : -EPROTO);
	ret = emu_surface_create(dev, addr, len, prot, flags, &s);
	if (ret)
		return error(ret);
	s->may_write = (file->flags & O_ACCMODE) == O_RDWR;
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
	exmap_store_release(&dev->surface, s);
	emu_device_start_calls(dev);
	return addr;
}

/*
 * Maps pages of @fd for the client, with fences if the client has not named the address. @region
 * says what they are. emu_vm_lock() held.
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

	if (index >= exmap_load_acquire(&dev->nr_interfaces))
		return error(-ENXIO);
	if (len != EXMAP_PAGE_SIZE)
		return error(-EINVAL);
	return map_file(&region, addr, len, prot, flags, dev->user_fd, index * EXMAP_PAGE_SIZE);
}

/* emu_vm_lock() and the device's lock held. */
static void *map_export(struct exmap_device *dev, void *addr, size_t len, int prot, int flags)
{
	struct emu_surface *s = dev->surface;
	struct emu_region region = {
		.kind = EMU_REGION_EXPORT,
		.exmap = dev->serial,
		.surface = s,
	};

	if (prot & PROT_WRITE)
		return error(-EACCES);
	if (!emu_surface_alive(s))
		return error(-EPROTO);
	if (s->core.base % HUGE_SIZE || s->len % HUGE_SIZE)
		return error(-EFAULT);
	if (len > s->core.nr_pages * sizeof(u64))
		return error(-EOVERFLOW);
	if (s->exported)
		return error(-EBUSY);
	addr = map_file(&region, addr, len, prot, flags, s->table_fd, 0);
	if (!emu_is_error(addr))
		s->exported = true;
	return addr;
}

/* What the kernel checks before a driver sees the call. Return: 0 or a negative errno. */
static int check(const struct exmap_file *file, size_t len, int prot, int flags, u64 offset)
{
	int mode = file->flags & O_ACCMODE;
	int type = flags & MAP_TYPE;

	if (!len || offset % EXMAP_PAGE_SIZE || flags & MAP_HUGETLB)
		return -EINVAL;
	if (len > SIZE_MAX - EXMAP_PAGE_SIZE)
		return -ENOMEM;
	if (mode == O_WRONLY || (mode == O_RDONLY && type != MAP_PRIVATE && prot & PROT_WRITE))
		return -EACCES;
	if (type == MAP_SHARED_VALIDATE && flags & MAP_SYNC)
		return -EOPNOTSUPP;
	if (type != MAP_SHARED && type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	return 0;
}

void *emu_mmap(struct exmap_file *file, void *addr, size_t len, int prot, int flags, off_t offset)
{
	u64 off = offset;
	struct exmap_device *dev;
	void *ret = error(check(file, len, prot, flags, off));

	if (ret)
		return ret;
	len = (len + EXMAP_PAGE_SIZE - 1) & ~(EXMAP_PAGE_SIZE - 1);
	/* The surface is made of ordinary memory; these go for our own calls too. */
	flags &= ~MAP_TYPE;
	flags |= MAP_SHARED;

	emu_vm_lock();
	/* A CLONE may put the exmap that the file had; we keep ours until the end. */
	dev = emu_device_get(file);
	pthread_mutex_lock(&dev->lock);
	if (dev->surface && !emu_surface_alive(dev->surface))
		ret = error(-EPROTO);
	else if (off == EXMAP_OFF_EXMAP)
		ret = map_surface(file, dev, addr, len, prot, flags);
	else if (off == EXMAP_OFF_PTEXPORT)
		ret = map_export(dev, addr, len, prot, flags);
	else if (off >= EXMAP_OFF_INTERFACE_BASE && off <= EXMAP_OFF_INTERFACE_MAX)
		ret = map_interface(dev, addr, len, prot, flags,
				    (off - EXMAP_OFF_INTERFACE_BASE) >> EXMAP_PAGE_SHIFT);
	else
		ret = error(-EINVAL);
	pthread_mutex_unlock(&dev->lock);
	emu_vm_unlock();
	emu_device_put(dev);
	return ret;
}
