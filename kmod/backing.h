/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* backing.h - the file or block device behind an exmap */
#ifndef EXMAP_KMOD_BACKING_H
#define EXMAP_KMOD_BACKING_H

#include <linux/fs.h>

#include "core/platform.h"

/**
 * exmap_backing_get() - the file of a descriptor, with a reference, if it can be a backing [3.3]
 * @fd: the client's descriptor
 *
 * Return: the file or ERR_PTR(-EBADF).
 */
struct file *exmap_backing_get(int fd);

/**
 * exmap_backing_read() - fill whole pages from the backing
 * @backing: the file
 * @bvec:    the pages
 * @nr:      number of pages
 * @offset:  first byte to read, a multiple of the page size
 *
 * Sleeps. The caller holds no lock (device.h).
 *
 * Return: number of bytes, fewer than asked for only where the backing ends; or a negative errno.
 */
s64 exmap_backing_read(struct file *backing, struct bio_vec *bvec, u32 nr, loff_t offset);

#endif /* EXMAP_KMOD_BACKING_H */
