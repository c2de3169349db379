/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* mmap.h - mmap() of a file of exmap's */
#ifndef EXMAP_KMOD_MMAP_H
#define EXMAP_KMOD_MMAP_H

#include <linux/fs.h>

int exmap_mmap(struct file *file, struct vm_area_struct *vma);

#endif /* EXMAP_KMOD_MMAP_H */
