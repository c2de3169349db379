// SPDX-License-Identifier: MIT
/* setup.c - EXMAP_IOCTL_SETUP: allocates all memory that calls on the exmap will need */

#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "emu/backing.h"
#include "emu/device.h"
#include "emu/diagnose.h"
#include "emu/fence.h"
#include "emu/hidden_fd.h"
#include "emu/history.h"
#include "emu/inject.h"
#include "emu/keeper.h"
#include "emu/notes.h"
#include "emu/options.h"
#include "emu/sanitizers.h"
#include "emu/say.h"
#include "emu/surface.h"
#include "emu/sys.h"
#include "emu/usercopy.h"
#include "emu/yield.h"

/* Return: number of pages that the machine has. More frames could never be mapped at one time. */
static u64 most_frames(void)
{
	struct sysinfo info;

	if (emu_sys(SYS_sysinfo, &info))
		return U32_MAX;
	return (u64)info.totalram * info.mem_unit / EXMAP_PAGE_SIZE;
}

static int make_user_pages(struct exmap_device *dev, u32 n)
{
	size_t len = n * sizeof(struct exmap_user_interface);

	dev->user_fd = emu_hide_fd(emu_sys(SYS_memfd_create, "exmap interfaces", MFD_CLOEXEC));
	if (dev->user_fd < 0)
		return dev->user_fd;
	if (emu_sys(SYS_ftruncate, dev->user_fd, len) < 0)
		return -ENOMEM;
	dev->user = emu_fenced_map(len, dev->user_fd);
	return dev->user ? 0 : -ENOMEM;
}

/*
 * One allocation for @n interfaces, in this order: pointers to the interfaces, the interfaces,
 * iovecs, bounce buffers, the pool.
 */
static int make_memory(struct exmap_device *dev, u32 frames, u32 n)
{
	struct exmap *x = &dev->core;
	size_t pointers = emu_pages_len(n * sizeof(*x->interfaces));
	size_t interfaces = emu_pages_len(n * sizeof(**x->interfaces));
	size_t iovecs = n * EMU_MAX_IOV * sizeof(*dev->iovecs);
	size_t bounce = n * EMU_BOUNCE_SIZE;
	char *at;

	dev->memory_len = pointers + interfaces + iovecs + bounce + exmap_pool_size(frames, n);
	at = dev->memory = emu_fenced_alloc(dev->memory_len);
	if (!at)
		return -ENOMEM;
	x->interfaces = (struct exmap_interface **)at;
	at += pointers;
	for (u32 i = 0; i < n; i++) {
		struct exmap_interface *ifc = (struct exmap_interface *)at + i;

		exmap_lock_init(&ifc->lock);
		ifc->id = i;
		ifc->user = &dev->user[i];
		ifc->pool = &x->pool;
		x->interfaces[i] = ifc;
	}
	dev->iovecs = (struct iovec *)(at += interfaces);
	dev->bounce = at += iovecs;
	exmap_pool_init(&x->pool, at + bounce, frames, n);
	return emu_keeper_wanted() && !emu_keeper_new(&x->pool) ? -ENOMEM : 0;
}

/* Undoes a SETUP of @n interfaces, which may have failed half-way. */
static void undo(struct exmap_device *dev, u32 n)
{
	if (dev->memory) {
		emu_keeper_free(&dev->core.pool);
		exmap_pool_destroy(&dev->core.pool);
		for (u32 i = 0; i < n; i++)
			exmap_lock_destroy(&dev->core.interfaces[i]->lock);
		emu_fenced_free(dev->memory, dev->memory_len);
		dev->memory = NULL;
	}
	emu_fenced_free(dev->user, n * sizeof(*dev->user));
	dev->user = NULL;
	emu_history_free(dev->history);
	dev->history = NULL;
	emu_close_hidden(dev->user_fd);
	emu_close_hidden(dev->backing_fd);
	dev->user_fd = dev->backing_fd = -1;
}

void emu_setup_undo(struct exmap_device *dev)
{
	if (dev->core.nr_interfaces)
		undo(dev, dev->core.nr_interfaces);
}

long emu_setup(struct exmap_device *dev, bool foreign, const struct exmap_ioctl_setup *user)
{
	struct exmap_ioctl_setup setup;
	bool readable = !emu_usercopy(&setup, user, sizeof(setup));
	int ret = exmap_check_setup(&dev->core, foreign, readable ? &setup : NULL);

	if (ret) {
		emu_note_setup(&dev->core, &setup, ret);
		return ret;
	}
	if (setup.fd >= 0) {
		dev->backing_fd = emu_backing_open(setup.fd);
		if (dev->backing_fd < 0)
			return dev->backing_fd;
	}
	ret = exmap_check_sizes(&dev->core, &setup, most_frames());
	if (ret == -ENOMEM)
		emu_say("SETUP: %zu frames of 4096 bytes are more than this machine has; "
			"ask for a smaller buffer_size",
			setup.buffer_size);
	if (ret) {
		emu_note_setup(&dev->core, &setup, ret);
		goto fail;
	}
	ret = emu_options()->inject.nr ? emu_inject(dev, EXMAP_INJECT_SETUP, 0, NULL, 0).error : 0;
	if (ret)
		goto fail;
	ret = make_user_pages(dev, setup.max_interfaces);
	if (!ret)
		ret = make_memory(dev, setup.buffer_size, setup.max_interfaces);
	if (!ret && emu_options()->history) {
		dev->history = emu_history_new(setup.max_interfaces);
		ret = dev->history ? 0 : -ENOMEM;
		emu_sanitizers_on_error(emu_diagnose_poisoned);
	}
	if (ret) {
		emu_say("SETUP: no memory or fd for %d interfaces and %zu frames (%s); "
			"raise ulimit -v or ulimit -n, or ask for fewer",
			setup.max_interfaces, setup.buffer_size, strerrorname_np(-ret));
		ret = -ENOMEM;
		goto fail;
	}
	dev->core.buffer_size = setup.buffer_size;
	dev->core.has_backing = dev->backing_fd >= 0;
	if (dev->surface && dev->surface->mover->frames)
		dev->surface->mover->frames(dev->surface, setup.buffer_size);
	emu_yield(EMU_NO_INTERFACE);
	exmap_setup_done(&dev->core, setup.max_interfaces);
	return 0;

fail:
	undo(dev, EXMAP_MAX(setup.max_interfaces, 0));
	return ret;
}
