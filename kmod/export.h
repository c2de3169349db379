/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* export.h - mmap() of a page-table export */
#ifndef EXMAP_KMOD_EXPORT_H
#define EXMAP_KMOD_EXPORT_H

#include "device.h"

/** exmap_export_create() - @vma becomes an export; mmap_lock and the device's lock held. */
int exmap_export_create(struct exmap_device *dev, struct vm_area_struct *vma);

#endif /* EXMAP_KMOD_EXPORT_H */
