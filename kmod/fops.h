/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* fops.h - the methods of an open file of /dev/exmap */
#ifndef EXMAP_KMOD_FOPS_H
#define EXMAP_KMOD_FOPS_H

#include <linux/fs.h>

extern const struct file_operations exmap_fops;

#endif /* EXMAP_KMOD_FOPS_H */
