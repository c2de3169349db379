// SPDX-License-Identifier: MIT
/* device.c - open files, their exmaps, and all ioctls except ACTION; see device.h */

#include "emu/device.h"

#include "core/shadow.h"
#include "emu/failed.h"
#include "emu/fence.h"
#include "emu/generation.h"
#include "emu/history.h"
#include "emu/inject.h"
#include "emu/options.h"
#include "emu/publish.h"
#include "emu/rcu.h"
#include "emu/reentry.h"
#include "emu/stats.h"
#include "emu/surface.h"
#include "emu/trace.h"
#include "emu/trace_file.h"
#include "emu/usercopy.h"
#include "emu/watch.h"
#include "emu/yield.h"

/* Protects the two variables below, and exchanges of a file's exmap by CLONE. */
static pthread_mutex_t devices_lock = PTHREAD_MUTEX_INITIALIZER;
/* All exmaps of this process, for the statistics at exit. */
static struct exmap_device *devices;
/* Serial number of the newest exmap. */
static u64 last_serial;

void emu_devices_lock(void)
{
	emu_note_lock();
	pthread_mutex_lock(&devices_lock);
}

void emu_devices_unlock(void)
{
	pthread_mutex_unlock(&devices_lock);
	emu_note_unlock();
}

static struct exmap_device *new_device(bool leanstore)
{
	struct exmap_device *dev = emu_fenced_alloc(sizeof(*dev));

	if (!dev)
		return NULL;
	dev->refs = 1;
	dev->user_fd = dev->backing_fd = -1;
	dev->generation = emu_generation();
	dev->core.leanstore = leanstore;
	pthread_mutex_init(&dev->lock, NULL);
	emu_devices_lock();
	dev->serial = ++last_serial;
	dev->next = devices;
	devices = dev;
	emu_publish(&devices);
	emu_devices_unlock();
	return dev;
}

static void report(struct exmap_device *dev)
{
	/* A forked child has copies of its parent's counters. Only the parent prints them. */
	if (emu_options()->stats && dev->core.nr_interfaces &&
	    dev->generation == emu_generation()) {
		emu_report_stats(&dev->core, dev->serial, dev->last_mover, exmap_load(&dev->faults),
				 exmap_load(&dev->exposed));
		emu_report_injected(dev);
	}
}

static void destroy_device(struct exmap_device *dev)
{
	struct exmap_device **link;

	emu_devices_lock();
	for (link = &devices; *link != dev; link = &(*link)->next)
		;
	*link = dev->next;
	emu_devices_unlock();
	report(dev);
	emu_setup_undo(dev);
	pthread_mutex_destroy(&dev->lock);
	emu_fenced_free(dev, sizeof(*dev));
}

void emu_report_all(void)
{
	emu_devices_lock();
	for (struct exmap_device *dev = devices; dev; dev = dev->next)
		report(dev);
	emu_devices_unlock();
}

struct exmap_device *emu_device_get(struct exmap_file *file)
{
	struct exmap_device *dev;
	u32 refs;

	emu_rcu_read_lock();
	do {
		/*
		 * After this load CLONE may give the file another exmap, and drop the last
		 * reference to this one. Then load again.
		 */
		dev = exmap_load_acquire(&file->dev);
		refs = exmap_load(&dev->refs);
		while (refs && !exmap_try_cmpxchg(&dev->refs, &refs, refs + 1))
			;
	} while (!refs);
	emu_rcu_read_unlock();
	return dev;
}

void emu_device_put(struct exmap_device *dev)
{
	if (__atomic_sub_fetch(&dev->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (!emu_rcu_may_wait())
		return;
	emu_rcu_synchronize();
	destroy_device(dev);
}

struct exmap_file *emu_open(int flags, enum emu_name name)
{
	struct exmap_file *file = emu_fenced_alloc(sizeof(*file));

	emu_trace_start();
	if (!file)
		return NULL;
	emu_say_seed();
	file->refs = 1;
	file->flags = flags;
	file->name = name;
	file->dev = new_device(name != EMU_NAME_PLAIN ||
			       emu_options()->dialect == EMU_DIALECT_LEANSTORE);
	if (!file->dev) {
		emu_fenced_free(file, sizeof(*file));
		return NULL;
	}
	if (emu_watched(EMU_WATCH_TRACE))
		emu_trace_open(file->dev->serial, &file->dev->core, flags);
	return file;
}

bool emu_file_get(struct exmap_file *file)
{
	u32 refs = exmap_load(&file->refs);

	do {
		if (!refs)
			return false;
	} while (!exmap_try_cmpxchg(&file->refs, &refs, refs + 1));
	return true;
}

void emu_file_put(struct exmap_file *file)
{
	if (__atomic_sub_fetch(&file->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (emu_watched(EMU_WATCH_TRACE))
		emu_trace_close(file->dev->serial);
	emu_device_put(file->dev);
	if (!emu_rcu_may_wait())
		return;
	emu_rcu_synchronize();
	emu_fenced_free(file, sizeof(*file));
}

void emu_device_stop_calls(struct exmap_device *dev)
{
	exmap_store(&dev->stopped, true);
	for (u32 i = 0; i < dev->core.nr_interfaces; i++) {
		exmap_lock(&dev->core.interfaces[i]->lock);
		exmap_unlock(&dev->core.interfaces[i]->lock);
	}
}

void emu_device_start_calls(struct exmap_device *dev)
{
	exmap_store_release(&dev->stopped, false);
}

void emu_device_unmap(struct exmap_device *dev)
{
	struct exmap *x = &dev->core;
	u64 mapped;

	pthread_mutex_lock(&dev->lock);
	emu_device_stop_calls(dev);
	emu_yield(EMU_NO_INTERFACE);
	mapped = exmap_mapped_pages(x);
	exmap_surface_check(&dev->surface->core, x->buffer_size, mapped);
	exmap_shadow_check(x, &dev->surface->core);
	exmap_forget_shadows(x);
	if (x->nr_interfaces) {
		exmap_assert(exmap_pool_count(&x->pool) + mapped == x->buffer_size);
		exmap_pool_reset(&x->pool);
	}
	exmap_store(&x->forgotten, x->forgotten + mapped);
	if (dev->history)
		emu_history_forget(dev->history);
	emu_surface_forget_marks(dev->surface);
	exmap_store_release(&dev->surface, NULL);
	emu_device_start_calls(dev);
	pthread_mutex_unlock(&dev->lock);
}

static void trace_setup(const struct exmap_device *dev, const void *arg, long ret)
{
	struct exmap_ioctl_setup setup = { 0 };

	emu_usercopy(&setup, arg, sizeof(setup));
	emu_trace_setup(dev->serial, &setup, dev->backing_fd, ret);
}

static long do_setup(struct exmap_device *dev, const void *arg)
{
	long ret;

	emu_note_lock();
	pthread_mutex_lock(&dev->lock);
	ret = emu_setup(dev, dev->surface && !emu_surface_alive(dev->surface), arg);
	if (emu_watched(EMU_WATCH_TRACE))
		trace_setup(dev, arg, ret);
	pthread_mutex_unlock(&dev->lock);
	emu_note_unlock();
	return ret;
}

static long do_stats(struct exmap_device *dev, void *arg)
{
	struct exmap_ioctl_stats stats;
	bool mapped;

	emu_rcu_read_lock();
	mapped = emu_surface_alive(exmap_load_acquire(&dev->surface));
	emu_rcu_read_unlock();
	exmap_get_stats(&dev->core, mapped, &stats);
	return emu_usercopy(arg, &stats, sizeof(stats));
}

static long do_clone(struct exmap_file *file, struct exmap_file *other)
{
	struct exmap_device *dev;
	struct exmap_device *old;

	if (!other || other == file)
		return emu_fails("CLONE", -EINVAL, "the argument is %s [7.2]",
				 other ? "the exmap's own descriptor" : "no exmap's descriptor");
	/* One CLONE at a time: otherwise A could become a clone of B while B becomes one of A. */
	emu_devices_lock();
	dev = exmap_load_acquire(&other->dev);
	old = exmap_load_acquire(&file->dev);
	if (exmap_load(&other->clone)) {
		emu_devices_unlock();
		return -EINVAL;
	}
	/* @other holds a reference to @dev, and can drop it only under this lock. */
	__atomic_add_fetch(&dev->refs, 1, __ATOMIC_RELAXED);
	exmap_store(&file->clone, true);
	exmap_store_release(&file->dev, dev);
	emu_devices_unlock();
	if (emu_watched(EMU_WATCH_TRACE))
		emu_trace_clone(old->serial, dev->serial);
	emu_device_put(old);
	return 0;
}

long emu_ioctl(struct exmap_file *file, unsigned long request, unsigned long arg,
	       struct exmap_file *other)
{
	struct exmap_device *dev;
	long ret;

	if (request != EXMAP_IOCTL_STATS && !emu_may_map())
		return emu_refuse_reentry();
	/* In a forked child this may be the first use of an exmap that its parent has opened. */
	emu_trace_start();
	if (request == EXMAP_IOCTL_CLONE)
		return do_clone(file, other);
	/* CLONE may give the file another exmap at any time: this call keeps the one it found. */
	dev = emu_device_get(file);
	switch (request) {
	case EXMAP_IOCTL_SETUP:
		ret = do_setup(dev, (const void *)arg);
		break;
	case EXMAP_IOCTL_STATS:
		ret = do_stats(dev, (void *)arg);
		break;
	default:
		ret = emu_fails("ioctl", -EINVAL, "request %#lx is none of an exmap's", request);
	}
	emu_device_put(dev);
	return ret;
}
