/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * device.h - one exmap
 *
 * Lock order: a device's setup_lock, mmap_lock, its lock, one interface's lock, the pool's. With
 * all but the first, user memory is not touched, because a fault takes mmap_lock; nor is a file
 * read, because a write to it may hold its locks and fault: a call that reads or waits gives its
 * interface's lock up for that, see exmap_step_out().
 */
#ifndef EXMAP_KMOD_DEVICE_H
#define EXMAP_KMOD_DEVICE_H

#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/percpu-refcount.h>

#include "core/call.h"

/* Frames that one READ fills with one call of the backing. */
#define EXMAP_FILL_PAGES 64

struct exmap_vma;

/**
 * struct exmap_port - what an interface has here beside core/'s part
 * @core: core/'s part; must be first
 * @bvec: frames that a READ fills; of the call that holds the interface
 * @away: that call has given the interface's lock up, and comes back; under that lock, waited for
 *        with wait_var_event()
 * @held: surface to which the call has a reference since, or NULL
 */
struct exmap_port {
	struct exmap_interface core;
	struct bio_vec bvec[EXMAP_FILL_PAGES];
	bool away;
	struct exmap_vma *held;
};

/**
 * struct exmap_device - one exmap
 * @core:       what the rules know of it; its interfaces are ports. @core.forgotten is under @lock
 * @refs:       files that have it now, or had it first; the mapped surface; mmap() under way
 * @calls:      calls under way by files that CLONE brought here, and one for all of @refs: a call
 *              that counts here writes no memory that other CPUs read
 * @setup_lock: serialises SETUPs
 * @lock:       protects changes of @surface
 *
 * Set by SETUP before the interfaces of @core, and then constant:
 * @pages:      the page of each frame
 * @user:       the page of each interface, shared with the client
 * @backing:    or NULL
 * @account:    the process whose locked memory the frames count as, for a person to look at
 * @cred:       with the user whose locked memory is limited: a process may have children do its
 *              SETUPs
 * @id:         its number, for debugfs and tracepoints
 * @debug:      its folder in debugfs
 *
 * @surface:    the mapped surface or NULL; stable during a call on any interface; written while
 *              calls are stopped
 * @mm:         the address space whose calls @surface serves, or NULL if there is none or it is
 *              dying: to be compared, not followed; written under @lock while calls are stopped,
 *              read atomically
 * @stopped:    no call may begin; written under @lock, read under an interface's lock; atomic
 * @lost:       frames that stay out: their pages are pinned, and there was no memory for others;
 *              under @lock
 * @free_work:  gives it all back: the last one to go may hold mmap_lock
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
