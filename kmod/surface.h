/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* surface.h - mmap() of a surface */
#ifndef EXMAP_KMOD_SURFACE_H
#define EXMAP_KMOD_SURFACE_H

#include "device.h"

/** exmap_surface_create() - @vma becomes the surface; mmap_lock and the device's lock held. */
int exmap_surface_create(struct exmap_device *dev, struct vm_area_struct *vma);

#endif /* EXMAP_KMOD_SURFACE_H */
