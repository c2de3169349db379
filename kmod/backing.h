/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* backing.h - the file or block device behind an exmap */
#ifndef EXMAP_KMOD_BACKING_H
#define EXMAP_KMOD_BACKING_H

#include <linux/fs.h>

#include "core/platform.h"

/** exmap_backing_get() - the file of a descriptor, if it can be a backing [3.3]. Return: or ERR_PTR(). */
struct file *exmap_backing_get(int fd);

/**
 * exmap_backing_read() - fill whole pages from the backing
 * @bvec:   the pages
 * @nr:     number of pages
 * @offset: byte of the backing
 *
 * Sleeps. Return: bytes, fewer than asked for only at the backing's end, or a negative errno.
 */
s64 exmap_backing_read(struct file *backing, struct bio_vec *bvec, u32 nr, loff_t offset);

#endif /* EXMAP_KMOD_BACKING_H */
