/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * device.h - one exmap, and the open files on it
 *
 * Lock order: a device's setup_lock, mmap_lock, its lock, one interface's lock, the
 * pool's. With all but the first, user memory is not touched, because a fault
 * takes mmap_lock; nor is a file read, because a write to it may hold its locks
 * and fault: a call that reads or waits gives its interface's lock up for that,
 * see exmap_step_out().
 */
#ifndef EXMAP_KMOD_DEVICE_H
#define EXMAP_KMOD_DEVICE_H

#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/percpu-refcount.h>

#include "core/action.h"

/* Frames that one READ fills with one call of the backing. */
#define EXMAP_FILL_PAGES 64

struct exmap_device;

/**
 * struct exmap_vma - the mapping of one exmap, from mmap() to munmap()
 * @core:     what core/ knows of it; must be first
 * @dev:      the exmap
 * @mm:       address space; a reference to its structure, not to its pages
 * @notifier: tells before the kernel touches our page-table entries; holds @mm
 * @ender:    tells after it has. One of its own, because a notifier with both
 *            must not refuse: what it was not told the beginning of it is told the
 *            end of.
 * @vma:      the mapping
 * @entry:    page-table entry of frame 0 with the mapping's protection; changes
 *            only while calls are stopped
 * @holds:    how many invalidations hold the calls stopped; under @dev's lock
 * @dead:     the mapping is going: no call begins any more
 * @moving:   the kernel tries to move the mapping, and will move it back
 * @exports:  mappings of its page-table export; under @dev's lock
 * @refs:     the notifiers, page-table exports, and calls that have stepped out
 * @free_work: gives it all back, in a context that may sleep
 */
struct exmap_vma {
	struct exmap_surface core;
	struct exmap_device *dev;
	struct mm_struct *mm;
	struct mmu_notifier notifier;
	struct mmu_notifier ender;
	struct vm_area_struct *vma;
	u64 entry;
	unsigned int holds;
	bool dead;
	bool moving;
	unsigned int exports;
	struct kref refs;
	struct work_struct free_work;
};

/**
 * struct exmap_port - what an interface has here beside core/'s part
 * @core: core/'s part; must be first
 * @bvec: frames that a READ fills; the call's that holds the interface
 * @away: that call has given the interface's lock up, and comes back; under that
 *        lock, waited for with wait_var_event()
 * @held: surface to which it has a reference since, or NULL; the call's
 */
struct exmap_port {
	struct exmap_interface core;
	struct bio_vec bvec[EXMAP_FILL_PAGES];
	bool away;
	struct exmap_vma *held;
};

/**
 * struct exmap_device - one exmap
 * @refs:          files, that this is first or now; the mapped surface; mmap() under way
 * @calls:         calls under way by files that CLONE brought here, and one for all of
 *                 @refs: a call that counts here writes no memory that other CPUs read
 * @setup_lock:    serialises SETUPs
 * @lock:          protects changes of @surface
 * @nr_interfaces: 0 before SETUP; set last there, with release; then constant
 *
 * Set by SETUP before @nr_interfaces, and then constant:
 * @buffer_size:   frames
 * @pages:         their pages
 * @pool:          these frames
 * @ports:         @nr_interfaces of them
 * @user:          their pages, shared with the client
 * @backing:       or NULL
 * @account:       whose locked memory the frames count as, to look at
 * @cred:          with the user's, to be limited: a process may have children do its SETUPs
 * @id:            its number, for debugfs and tracepoints
 * @debug:         its folder in debugfs
 *
 * @surface:       the mapped surface or NULL; stable during a call on any
 *                 interface; written while calls are stopped
 * @mm:            whose calls @surface serves, or NULL if none or dying: to be compared, not
 *                 followed; written under @lock while calls are stopped, read atomically
 * @stopped:       no call may begin; written under @lock, read under an
 *                 interface's lock; atomic
 * @forgotten:     pages that munmap() took without FREE; under @lock, read atomically
 * @lost:          frames that stay out: their pages are pinned, and there was no memory
 *                 for others; under @lock
 * @free_work:     gives it all back: the last one to go may hold mmap_lock
 */
struct exmap_device {
	struct kref refs;
	struct percpu_ref calls;
	struct mutex setup_lock;
	struct mutex lock;
	u32 nr_interfaces;
	u64 buffer_size;
	struct page **pages;
	struct exmap_pool pool;
	struct exmap_port **ports;
	struct page **user;
	struct file *backing;
	struct mm_struct *account;
	const struct cred *cred;
	u32 id;
	struct dentry *debug;
	struct exmap_vma *surface;
	struct mm_struct *mm;
	bool stopped;
	u64 forgotten;
	u64 lost;
	struct work_struct free_work;
};

/**
 * struct exmap_file - an open file on an exmap
 * @dev:   the exmap; CLONE exchanges it, under exmap_clone_lock; read under RCU
 * @first: what it was at first; constant, with a reference as long as the file lives, so
 *         that calls on it, which hold the file, need none of their own
 * @clone: whether CLONE did; under exmap_clone_lock
 */
struct exmap_file {
	struct exmap_device __rcu *dev;
	struct exmap_device *first;
	bool clone;
};

extern const struct file_operations exmap_fops;

/** exmap_rare_ioctl() - all ioctls but ACTION. */
long exmap_rare_ioctl(struct file *file, unsigned int request, unsigned long arg);

/** exmap_nr_interfaces() - how many interfaces, all ready to use. */
static inline u32 exmap_nr_interfaces(struct exmap_device *dev)
{
	/* Pairs with the end of exmap_setup(). */
	return smp_load_acquire(&dev->nr_interfaces);
}

/** exmap_clone_call_begin() - exmap_call_begin() of a file that CLONE changed. */
struct exmap_device *exmap_clone_call_begin(struct exmap_file *ef);

/** exmap_call_begin() - the exmap of a file, which stays until exmap_call_end(). */
static inline struct exmap_device *exmap_call_begin(struct file *file)
{
	struct exmap_file *ef = file->private_data;

	if (likely(rcu_access_pointer(ef->dev) == ef->first))
		return ef->first;
	return exmap_clone_call_begin(ef);
}

static inline void exmap_call_end(struct file *file, struct exmap_device *dev)
{
	const struct exmap_file *ef = file->private_data;

	if (unlikely(dev != ef->first))
		percpu_ref_put(&dev->calls);
}

/** exmap_device_put() - give up a file's or a surface's reference. */
void exmap_device_put(struct exmap_device *dev);

/** exmap_stop_calls() - keep all interfaces' calls out, and wait for those inside. */
void exmap_stop_calls(struct exmap_device *dev);
void exmap_start_calls(struct exmap_device *dev);

/** exmap_mapped_pages() - pages mapped by ALLOC and READ and not unmapped since. */
u64 exmap_mapped_pages(struct exmap_device *dev, u32 nr_interfaces);

/** exmap_surface_alive() - whether the surface is mapped, and in this process. */
bool exmap_surface_alive(struct exmap_device *dev);

/** exmap_surface_put() - give up a reference to a surface. */
void exmap_surface_put(struct exmap_vma *s);

/** exmap_serves() - whether the surface is there, and the caller's; stable only in a call. */
static inline bool exmap_serves(const struct exmap_device *dev)
{
	const struct mm_struct *mm = READ_ONCE(dev->mm);

	return mm && mm == current->mm;
}

/** exmap_wait_enter() - exmap_enter() of an interface that is locked, but not to be used yet. */
struct exmap_surface *exmap_wait_enter(struct exmap_device *dev, struct exmap_port *port);

/** exmap_enter() - lock an interface for a call. Return: its surface, or NULL, unlocked. */
static inline struct exmap_surface *exmap_enter(struct exmap_device *dev, struct exmap_port *port)
{
	mutex_lock(&port->core.lock);
	/* Pairs with exmap_start_calls(). */
	if (likely(!port->away && !smp_load_acquire(&dev->stopped) && exmap_serves(dev)))
		return &dev->surface->core;
	return exmap_wait_enter(dev, port);
}

/** exmap_leave() - the call ends. */
static inline void exmap_leave(struct exmap_port *port)
{
	struct exmap_vma *held = port->held;

	if (likely(!held)) {
		mutex_unlock(&port->core.lock);
		return;
	}
	port->held = NULL;
	mutex_unlock(&port->core.lock);
	exmap_surface_put(held);
}

/**
 * exmap_step_out() - let the interface's lock go during a call, and keep other calls off
 *
 * Between this and exmap_step_in() the surface may go, though not its table; who
 * waits for the calls does not wait for this one.
 */
void exmap_step_out(struct exmap_vma *s, struct exmap_port *port);

/** exmap_step_in() - take the lock again. Return: false if the surface is gone. */
bool exmap_step_in(struct exmap_vma *s, struct exmap_port *port);

/* setup.c */
long exmap_setup(struct exmap_device *dev, const struct exmap_ioctl_setup __user *arg);
void exmap_setup_undo(struct exmap_device *dev);

/* calls.c */
long exmap_ioctl(struct file *file, unsigned int request, unsigned long arg);
ssize_t exmap_read_iter(struct kiocb *iocb, struct iov_iter *iter);

/* traced.c */
int exmap_traced_action(struct exmap_device *dev, struct exmap_port *port, struct exmap_surface *s,
			struct exmap_iov *iov, unsigned int opcode, unsigned int iov_len);
int exmap_traced_alloc_bytes(struct exmap_device *dev, struct exmap_port *port,
			     struct exmap_surface *s, const struct iovec *range);
s64 exmap_traced_read(struct exmap_device *dev, struct exmap_port *port, struct exmap_surface *s,
		      unsigned int opcode, const struct iovec *iov, unsigned int nr_iov);

/* mmap.c */
int exmap_mmap(struct file *file, struct vm_area_struct *vma);

/* surface.c */
int exmap_surface_create(struct exmap_device *dev, struct vm_area_struct *vma);

/* main.c */
extern struct workqueue_struct *exmap_wq;
extern atomic_t exmap_live;

/* export.c */
int exmap_export_create(struct exmap_device *dev, struct vm_area_struct *vma);

/* pages.c */
extern const struct exmap_surface_ops exmap_surface_ops;
void exmap_clear_range(struct exmap_vma *s, unsigned long start, unsigned long end);
void exmap_free_block(struct exmap_block *block);

/* tlb.c */
void exmap_flush_tlb(struct mm_struct *mm);

/* debug.c */
void exmap_debug_init(void);
void exmap_debug_exit(void);
void exmap_debug_add(struct exmap_device *dev);
void exmap_debug_remove(struct exmap_device *dev);

/* backing.c */
struct file *exmap_backing_get(int fd);
s64 exmap_backing_read(struct file *backing, struct bio_vec *bvec, u32 nr, loff_t offset);

/* uring.c */
int exmap_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);

static inline struct exmap_vma *exmap_vma_of(struct exmap_surface *s)
{
	return (struct exmap_vma *)s;
}

#endif /* EXMAP_KMOD_DEVICE_H */
