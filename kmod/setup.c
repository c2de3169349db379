// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* setup.c - EXMAP_IOCTL_SETUP: allocates all that calls need, so that calls allocate little */

#include <linux/cred.h>
#include <linux/file.h>
#include <linux/sched/mm.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/uaccess.h>

#include "backing.h"
#include "background.h"
#include "debug.h"
#include "inject.h"
#include "read_again.h"
#include "setup.h"

/*
 * __GFP_RETRY_MAYFAIL: a SETUP that asks for more frames than there is memory fails with ENOMEM.
 * Without the flag, the kernel would start the OOM killer, which may kill any process.
 */
#define GFP_SETUP (GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

static int make_interfaces(struct exmap_device *dev, u32 n)
{
	struct exmap *x = &dev->core;
	u32 i;

	x->interfaces = kvcalloc(n, sizeof(*x->interfaces), GFP_SETUP);
	dev->user = kvcalloc(n, sizeof(*dev->user), GFP_SETUP);
	if (!x->interfaces || !dev->user)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		struct exmap_port *port = kvzalloc(sizeof(*port), GFP_SETUP);

		dev->user[i] = alloc_page(GFP_SETUP);
		if (port)
			x->interfaces[i] = &port->core;
		if (!port || !dev->user[i])
			return -ENOMEM;
		mutex_init(&port->core.lock);
		port->core.id = i;
		port->core.user = page_address(dev->user[i]);
		port->core.pool = &x->pool;
	}
	return 0;
}

/*
 * Whether this many frames can be had without harm to other processes. The kernel cannot reclaim
 * frames. If SETUP took the last free pages, the next allocation of any process would start the OOM
 * killer, even if SETUP failed right afterwards and gave its pages back.
 */
static bool enough_memory(u64 frames)
{
	return (s64)frames <= si_mem_available() + get_nr_swap_pages();
}

static int make_frames(struct exmap_device *dev, u64 n)
{
	u64 i;

	dev->pages = kvcalloc(n, sizeof(*dev->pages), GFP_SETUP);
	if (!dev->pages)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		/* Checked again every 16 MiB, because other processes allocate meanwhile. */
		if (i % 4096 == 0 && !enough_memory(n - i))
			return -ENOMEM;
		dev->pages[i] = alloc_page(GFP_SETUP | GFP_HIGHUSER);
		if (!dev->pages[i])
			return -ENOMEM;
		dev->core.buffer_size = i + 1;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int make_pool(struct exmap_device *dev, u32 interfaces)
{
	/* Whole pages, because the pool's alignment is more than that of any small size. */
	size_t size = PAGE_ALIGN(exmap_pool_size(dev->core.buffer_size, interfaces));
	void *memory = kvzalloc(size, GFP_SETUP);

	if (!memory)
		return -ENOMEM;
	exmap_pool_init(&dev->core.pool, memory, dev->core.buffer_size, interfaces);
	return 0;
}

static void free_memory(struct exmap_device *dev, u32 interfaces)
{
	u64 i;

	if (dev->core.pool.lists) {
		exmap_pool_destroy(&dev->core.pool);
		kvfree(dev->core.pool.lists);
		dev->core.pool.lists = NULL;
	}
	for (i = 0; dev->pages && i < dev->core.buffer_size; i++)
		__free_page(dev->pages[i]);
	for (i = 0; dev->core.interfaces && i < interfaces; i++) {
		if (!dev->core.interfaces[i])
			continue;
		exmap_free_buffer(exmap_port_of(dev->core.interfaces[i]));
		kvfree(dev->core.interfaces[i]);
	}
	for (i = 0; dev->user && i < interfaces; i++) {
		if (dev->user[i])
			__free_page(dev->user[i]);
	}
	kvfree(dev->pages);
	kvfree(dev->core.interfaces);
	kvfree(dev->user);
	dev->pages = NULL;
	dev->core.interfaces = NULL;
	dev->user = NULL;
	dev->core.buffer_size = 0;
}

static void put_backing(struct exmap_device *dev)
{
	if (dev->backing)
		fput(dev->backing);
	dev->backing = NULL;
}

/*
 * Counts the frames as locked memory, because they cannot be swapped out. As in io_uring,
 * RLIMIT_MEMLOCK limits the sum of all processes of the user. The process's own figure (VmLck in
 * /proc/PID/status) is for information only.
 */
static bool account(struct exmap_device *dev, u64 frames)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	atomic_long_t *locked = &current_user()->locked_vm;
	unsigned long now = atomic_long_read(locked);

	do {
		if (now + frames > limit && !capable(CAP_IPC_LOCK))
			return false;
	} while (!atomic_long_try_cmpxchg(locked, &now, now + frames));
	mmgrab(current->mm);
	mmap_write_lock(current->mm);
	current->mm->locked_vm += frames;
	mmap_write_unlock(current->mm);
	dev->account = current->mm;
	/*
	 * Also holds the user: a module cannot give up a reference to a user itself on every 6.1
	 * kernel.
	 */
	dev->cred = get_current_cred();
	return true;
}

static void unaccount(struct exmap_device *dev, u64 frames)
{
	account_locked_vm(dev->account, frames, false);
	mmdrop(dev->account);
	dev->account = NULL;
	atomic_long_sub(frames, &dev->cred->user->locked_vm);
	put_cred(dev->cred);
	dev->cred = NULL;
}

void exmap_setup_undo(struct exmap_device *dev)
{
	if (!dev->core.nr_interfaces)
		return;
	exmap_debug_remove(dev);
	unaccount(dev, dev->core.buffer_size);
	free_memory(dev, dev->core.nr_interfaces);
	put_backing(dev);
}

/* Allocates and accounts all that calls need. Return: 0; or a negative errno, nothing is held. */
static int make_memory(struct exmap_device *dev, const struct exmap_ioctl_setup *setup)
{
	int ret;

	if (!account(dev, setup->buffer_size))
		return -ENOMEM;
	ret = make_interfaces(dev, setup->max_interfaces);
	if (!ret)
		ret = make_frames(dev, setup->buffer_size);
	if (!ret)
		ret = make_pool(dev, setup->max_interfaces);
	if (ret) {
		unaccount(dev, setup->buffer_size);
		free_memory(dev, setup->max_interfaces);
	}
	return ret;
}

long exmap_setup(struct exmap_device *dev, bool foreign, const struct exmap_ioctl_setup __user *arg)
{
	struct exmap_ioctl_setup setup;
	bool readable = !copy_from_user(&setup, arg, sizeof(setup));
	int ret = exmap_check_setup(&dev->core, foreign, readable ? &setup : NULL);

	if (ret)
		return ret;
	if (setup.fd >= 0) {
		struct file *backing = exmap_backing_get(setup.fd);

		if (IS_ERR(backing))
			return PTR_ERR(backing);
		dev->backing = backing;
	}
	ret = exmap_check_sizes(&dev->core, &setup, totalram_pages());
	if (!ret && exmap_injects())
		ret = exmap_injected_setup();
	if (ret)
		goto fail;
	ret = make_memory(dev, &setup);
	if (ret == -ENOMEM) {
		/* Frames of an exmap that was just closed may not have been freed yet. */
		exmap_background_flush();
		ret = make_memory(dev, &setup);
	}
	if (ret)
		goto fail;
	dev->core.has_backing = dev->backing;
	exmap_debug_add(dev);
	/*
	 * Under @lock: a thread that stops calls locks each of nr_interfaces interfaces, so the
	 * number must not rise while that thread runs.
	 */
	mutex_lock(&dev->lock);
	exmap_setup_done(&dev->core, setup.max_interfaces);
	mutex_unlock(&dev->lock);
	return 0;

fail:
	put_backing(dev);
	return ret;
}
