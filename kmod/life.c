// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * life.c - making and freeing an exmap; see life.h
 *
 * exmap_device_put()  the last reference in @refs is given up
 * last_put()          no call by a cloned file can begin any more
 * last_call()         the last such call has ended, maybe at once
 * free_device()       in the workqueue: frees everything
 */

#include <linux/slab.h>

#include "background.h"
#include "life.h"
#include "setup.h"

static void free_device(struct work_struct *work)
{
	struct exmap_device *dev = container_of(work, struct exmap_device, free_work);

	exmap_setup_undo(dev);
	mutex_destroy(&dev->setup_lock);
	mutex_destroy(&dev->lock);
	percpu_ref_exit(&dev->calls);
	kfree(dev);
	exmap_background_ended();
	exmap_background_done();
}

/* Runs in the context of the last call's end, maybe a callback of RCU, which must not sleep. */
static void last_call(struct percpu_ref *calls)
{
	struct exmap_device *dev = container_of(calls, struct exmap_device, calls);

	exmap_background_queue(&dev->free_work);
}

static void last_put(struct kref *refs)
{
	struct exmap_device *dev = container_of(refs, struct exmap_device, refs);

	exmap_background_ends();
	percpu_ref_kill(&dev->calls);
}

void exmap_device_put(struct exmap_device *dev)
{
	kref_put(&dev->refs, last_put);
}

struct exmap_device *exmap_device_make(bool leanstore)
{
	struct exmap_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL_ACCOUNT);

	if (!dev)
		return NULL;
	if (percpu_ref_init(&dev->calls, last_call, 0, GFP_KERNEL_ACCOUNT)) {
		kfree(dev);
		return NULL;
	}
	dev->core.leanstore = leanstore;
	kref_init(&dev->refs);
	mutex_init(&dev->setup_lock);
	mutex_init(&dev->lock);
	INIT_WORK(&dev->free_work, free_device);
	exmap_background_add();
	return dev;
}
