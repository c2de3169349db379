/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* fops.h - what the kernel calls for a file of exmap's */
#ifndef EXMAP_KMOD_FOPS_H
#define EXMAP_KMOD_FOPS_H

#include <linux/fs.h>

extern const struct file_operations exmap_fops;

#endif /* EXMAP_KMOD_FOPS_H */
