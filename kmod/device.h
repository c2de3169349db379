/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * device.h - one exmap of the module
 *
 * Lock order: setup_lock, mmap_lock, @lock, one interface's lock; then one of these: the pool's
 * locks (core/pool.h), a block's lock (core/surface.h), a page-table page's lock.
 *
 * Under any of these locks but setup_lock the module must not touch user memory, because a page
 * fault takes mmap_lock. So an action's parameters are copied before its interface is locked.
 *
 * Nor may it read a file: a writer of that file may hold the file's lock while it faults and waits
 * for mmap_lock. So a call that reads or waits releases its interface's lock, see exmap_step_out().
 */
#ifndef EXMAP_KMOD_DEVICE_H
#define EXMAP_KMOD_DEVICE_H

#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/percpu-refcount.h>

#include "core/call.h"

/* The most pages that one read of the backing fills. */
#define EXMAP_FILL_PAGES EXMAP_FETCH_PAGES

struct exmap_vma;

/**
 * struct exmap_port - an interface: core/'s part and the module's
 * @core: core/'s part; must be the first field
 * @bvec: the pages that a READ fills. Belongs to the call that is on the interface
 * @buffer: what READ reads for pages that are mapped, see read_again.c; NULL until then. Belongs
 *        to the call that is on the interface
 * @end: where the backing seems to end to a READ by the rules of inject.h, in bytes; 0 if it does
 *        not. Belongs to the call that is on the interface
 * @away: true while a call has stepped out: it has released @core.lock and will come back. Written
 *        under @core.lock; threads that wait for it, by wait_var_event(), read it without
 * @held: the surface to which a call that has stepped out holds a reference, until it ends; else
 *        NULL. Under @core.lock
 */
struct exmap_port {
	struct exmap_interface core;
	struct bio_vec bvec[EXMAP_FILL_PAGES];
	struct page *buffer[EXMAP_FILL_PAGES];
	u64 end;
	bool away;
	struct exmap_vma *held;
};

/**
 * struct exmap_device - one exmap
 * @core:       core/'s part. Its interfaces are struct exmap_port. @core.forgotten is written under
 *              @lock, read atomically
 * @refs:       references: of files that act on the exmap or did so first, of the surface, of an
 *              mmap() in progress. Atomic
 * @calls:      number of calls in progress by files that CLONE turned to this exmap, plus one while
 *              @refs is not 0. A percpu reference, so that such a call writes no memory that other
 *              CPUs read
 * @setup_lock: held by SETUP
 * @lock:       protects @surface, @mm, @stopped and @lost, as said there
 *
 * SETUP writes the following fields before the interfaces of @core; then they are constant.
 *
 * @pages:   array: the page of each frame. The array is constant. An element changes under @lock
 *           while calls are stopped, if its page is pinned when the surface goes
 * @user:    array: the page of each interface, which the client shares
 * @backing: the file behind READ, or NULL
 * @account: the process whose locked memory (VmLck) the frames count as
 * @cred:    credentials of the user whose RLIMIT_MEMLOCK the frames count against. They are kept
 *           because the process of @account may be gone when the frames are given back
 * @id:      the exmap's number in debugfs and tracepoints
 * @debug:   the exmap's folder in debugfs
 *
 * The following fields change.
 *
 * @surface:   the mapped surface, or NULL. Written under @lock while calls are stopped; a call on
 *             any interface may read it without @lock
 * @mm:        the address space whose calls @surface serves; NULL if there is no surface or it is
 *             going. It is compared with current->mm and never dereferenced. Written under @lock
 *             while calls are stopped, read atomically at any time
 * @stopped:   no call may begin. Atomic: written under @lock, read under an interface's lock
 * @lost:      number of frames that cannot be used again: their pages are pinned, and there was no
 *             memory for other pages. Under @lock
 * @free_work: frees the exmap, in a workqueue: the thread that gives up the last reference may hold
 *             mmap_lock
 */
struct exmap_device {
	struct exmap core;
	struct kref refs;
	struct percpu_ref calls;
	struct mutex setup_lock;
	struct mutex lock;
	struct page **pages;
	struct page **user;
	struct file *backing;
	struct mm_struct *account;
	const struct cred *cred;
	u32 id;
	struct dentry *debug;
	struct exmap_vma *surface;
	struct mm_struct *mm;
	bool stopped;
	u64 lost;
	struct work_struct free_work;
};

static inline struct exmap_port *exmap_port_of(struct exmap_interface *ifc)
{
	return (struct exmap_port *)ifc;
}

#endif /* EXMAP_KMOD_DEVICE_H */
