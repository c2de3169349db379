/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* export.h - the page-table export [7.3] */
#ifndef EXMAP_KMOD_EXPORT_H
#define EXMAP_KMOD_EXPORT_H

#include "device.h"

/**
 * exmap_export_create() - make a mapping an export of the surface's page table [7.3]
 * @dev: the exmap; its lock is held
 * @vma: the new mapping; mmap_lock is held
 *
 * Return: 0 or a negative errno.
 */
int exmap_export_create(struct exmap_device *dev, struct vm_area_struct *vma);

#endif /* EXMAP_KMOD_EXPORT_H */
