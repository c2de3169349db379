/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* file.h - the open files of an exmap, and CLONE */
#ifndef EXMAP_KMOD_FILE_H
#define EXMAP_KMOD_FILE_H

#include "device.h"

/**
 * struct exmap_file - an open file on an exmap
 * @dev:   the exmap; CLONE exchanges it, under clone_lock in file.c; read under RCU
 * @first: what @dev was at first; constant, with a reference as long as the file lives, so that
 *         calls on it, which hold the file, need none of their own
 * @clone: whether CLONE did; under clone_lock
 */
struct exmap_file {
	struct exmap_device __rcu *dev;
	struct exmap_device *first;
	bool clone;
};

/* open() and close() of /dev/exmap. */
int exmap_file_open(struct inode *inode, struct file *file);
int exmap_file_release(struct inode *inode, struct file *file);

/**
 * exmap_file_clone() - CLONE [7.2]: @file acts on the exmap of @other from now on
 * @other: another file of exmap's
 */
long exmap_file_clone(struct file *file, struct file *other);

/** exmap_file_use_clone() - exmap_file_use() of a file that CLONE changed. */
struct exmap_device *exmap_file_use_clone(struct exmap_file *ef);

/** exmap_file_use() - the exmap of a file, which stays until exmap_file_done(). */
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
