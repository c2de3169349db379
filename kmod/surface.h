/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* surface.h - a mapping of /dev/exmap becomes the surface */
#ifndef EXMAP_KMOD_SURFACE_H
#define EXMAP_KMOD_SURFACE_H

#include "device.h"

/**
 * exmap_surface_create() - make a mapping the surface of an exmap
 * @dev: the exmap; its lock is held
 * @vma: the new mapping; mmap_lock is held
 *
 * Return: 0, -EBUSY (there is a surface), -ENOMEM or -EINTR (the process is being killed).
 */
int exmap_surface_create(struct exmap_device *dev, struct vm_area_struct *vma);

#endif /* EXMAP_KMOD_SURFACE_H */
