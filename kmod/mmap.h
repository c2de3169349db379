/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* mmap.h - mmap() of /dev/exmap */
#ifndef EXMAP_KMOD_MMAP_H
#define EXMAP_KMOD_MMAP_H

#include <linux/fs.h>

/** exmap_mmap() - the mmap method [2]; mmap_lock is held. Return: 0 or a negative errno. */
int exmap_mmap(struct file *file, struct vm_area_struct *vma);

#endif /* EXMAP_KMOD_MMAP_H */
