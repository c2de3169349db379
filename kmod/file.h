/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* file.h - the open files of /dev/exmap, and CLONE */
#ifndef EXMAP_KMOD_FILE_H
#define EXMAP_KMOD_FILE_H

#include "device.h"

/**
 * struct exmap_file - an open file
 * @dev:   the exmap that the file acts on. CLONE replaces it under clone_lock (file.c); read under
 *         RCU
 * @first: the exmap that open() made for the file. Constant. The file holds a reference to it, so a
 *         call on @first needs no reference of its own: it holds the file
 * @clone: CLONE has replaced @dev. Under clone_lock
 */
struct exmap_file {
	struct exmap_device __rcu *dev;
	struct exmap_device *first;
	bool clone;
};

/* The open and release methods. release runs when the last descriptor of the file is closed. */
int exmap_file_open(struct inode *inode, struct file *file);
int exmap_file_release(struct inode *inode, struct file *file);

/**
 * exmap_file_clone() - CLONE: turn a file to the exmap of another file [7.2]
 * @file:  acts on the exmap of @other from now on; calls in progress end on the old exmap
 * @other: another open file of /dev/exmap, which CLONE has not turned
 *
 * Return: 0 or -EINVAL.
 */
long exmap_file_clone(struct file *file, struct file *other);

/** exmap_file_use_clone() - exmap_file_use() for a file that CLONE has turned. */
struct exmap_device *exmap_file_use_clone(struct exmap_file *ef);

/** exmap_file_use() - the exmap that a file acts on; it stays until exmap_file_done(). */
static inline struct exmap_device *exmap_file_use(struct file *file)
{
	struct exmap_file *ef = file->private_data;

	if (likely(rcu_access_pointer(ef->dev) == ef->first))
		return ef->first;
	return exmap_file_use_clone(ef);
}

static inline void exmap_file_done(struct file *file, struct exmap_device *dev)
{
	const struct exmap_file *ef = file->private_data;

	if (unlikely(dev != ef->first))
		percpu_ref_put(&dev->calls);
}

#endif /* EXMAP_KMOD_FILE_H */
