// SPDX-License-Identifier: MIT
/* setup.c - EXMAP_IOCTL_SETUP: everything that the calls will need, at once */

#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "emu/backing.h"
#include "emu/device.h"
#include "emu/mover.h"
#include "emu/process.h"
#include "emu/report.h"
#include "emu/sys.h"
#include "emu/usercopy.h"

static void *map_private(size_t len)
{
	void *addr = (void *)emu_sys(SYS_mmap, NULL, len, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return emu_is_error(addr) ? NULL : addr;
}

static size_t interfaces_len(u32 n)
{
	return (size_t)n * sizeof(struct exmap_interface);
}

static size_t iovecs_len(u32 n)
{
	return n * EMU_MAX_IOV * sizeof(struct iovec);
}

/* More frames than the machine has pages can never be mapped at one time. */
static bool machine_has(u64 frames)
{
	struct sysinfo info;

	if (frames >= UINT32_MAX)
		return false;
	return emu_sys(SYS_sysinfo, &info) ||
	       frames <= (u64)info.totalram * info.mem_unit / EXMAP_PAGE_SIZE;
}

static int make_user_pages(struct exmap_device *dev, u32 n)
{
	size_t len = n * sizeof(struct exmap_user_interface);
	void *addr;

	dev->user_fd = emu_hide_fd(emu_sys(SYS_memfd_create, "exmap interfaces", MFD_CLOEXEC));
	if (dev->user_fd < 0)
		return dev->user_fd;
	if (emu_sys(SYS_ftruncate, dev->user_fd, len) < 0)
		return -ENOMEM;
	addr = (void *)emu_sys(SYS_mmap, NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED,
			       dev->user_fd, 0);
	if (emu_is_error(addr))
		return -ENOMEM;
	dev->user = addr;
	return 0;
}

static int make_interfaces(struct exmap_device *dev, u32 n)
{
	int ret = make_user_pages(dev, n);

	if (ret)
		return ret;
	dev->bounce = map_private(n * EMU_BOUNCE_SIZE);
	dev->iovecs = map_private(iovecs_len(n));
	dev->interfaces = map_private(interfaces_len(n));
	if (!dev->bounce || !dev->iovecs || !dev->interfaces)
		return -ENOMEM;
	for (u32 i = 0; i < n; i++) {
		struct exmap_interface *ifc = &dev->interfaces[i];

		exmap_lock_init(&ifc->lock);
		ifc->id = i;
		ifc->user = &dev->user[i];
	}
	return 0;
}

static int make_pool(struct exmap_device *dev, u32 frames, u32 n)
{
	void *memory;

	dev->pool_len = exmap_pool_size(frames, n);
	memory = map_private(dev->pool_len);
	if (!memory)
		return -ENOMEM;
	exmap_pool_init(&dev->pool, memory, frames, n);
	return 0;
}

/* Undoes a SETUP, also one that stopped half-way through @n interfaces. */
static void undo(struct exmap_device *dev, u32 n)
{
	if (dev->pool.lists) {
		exmap_pool_destroy(&dev->pool);
		emu_sys(SYS_munmap, dev->pool.lists, dev->pool_len);
		dev->pool.lists = NULL;
	}
	if (dev->interfaces) {
		for (u32 i = 0; i < n; i++)
			exmap_lock_destroy(&dev->interfaces[i].lock);
		emu_sys(SYS_munmap, dev->interfaces, interfaces_len(n));
		dev->interfaces = NULL;
	}
	if (dev->bounce)
		emu_sys(SYS_munmap, dev->bounce, n * EMU_BOUNCE_SIZE);
	if (dev->iovecs)
		emu_sys(SYS_munmap, dev->iovecs, iovecs_len(n));
	if (dev->user)
		emu_sys(SYS_munmap, dev->user, n * sizeof(struct exmap_user_interface));
	emu_close_hidden(dev->user_fd);
	emu_close_hidden(dev->backing_fd);
	dev->bounce = NULL;
	dev->iovecs = NULL;
	dev->user = NULL;
	dev->user_fd = dev->backing_fd = -1;
}

void emu_setup_undo(struct exmap_device *dev)
{
	if (dev->nr_interfaces)
		undo(dev, dev->nr_interfaces);
}

long emu_setup(struct exmap_device *dev, const struct exmap_ioctl_setup *user)
{
	struct exmap_ioctl_setup setup;
	int ret = emu_usercopy(&setup, user, sizeof(setup));

	if (ret)
		return ret;
	if (dev->nr_interfaces)
		return -EBUSY;
	if (setup.fd >= 0) {
		dev->backing_fd = emu_backing_open(setup.fd);
		if (dev->backing_fd < 0)
			return dev->backing_fd;
	}
	ret = -EINVAL;
	if (setup.max_interfaces < 1 || setup.max_interfaces > EXMAP_MAX_INTERFACES ||
	    !setup.buffer_size || setup.flags & EXMAP_PAGEFAULT_ALLOC)
		goto fail;
	ret = -ENOMEM;
	if (!machine_has(setup.buffer_size)) {
		emu_say("SETUP: %zu frames of 4096 bytes are more than this machine has; "
			"ask for a smaller buffer_size",
			setup.buffer_size);
		goto fail;
	}
	ret = make_interfaces(dev, setup.max_interfaces);
	if (!ret)
		ret = make_pool(dev, setup.buffer_size, setup.max_interfaces);
	if (ret) {
		emu_say("SETUP: no memory or fd for %d interfaces and %zu frames (error %d); "
			"raise ulimit -v or ulimit -n, or ask for fewer",
			setup.max_interfaces, setup.buffer_size, -ret);
		ret = -ENOMEM;
		goto fail;
	}
	dev->buffer_size = setup.buffer_size;
	if (dev->surface && dev->surface->mover->frames)
		dev->surface->mover->frames(dev->surface, dev->buffer_size);
	exmap_store_release(&dev->nr_interfaces, setup.max_interfaces);
	return 0;

fail:
	undo(dev, EXMAP_MAX(setup.max_interfaces, 0));
	return ret;
}
