/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* life.h - making an exmap, and freeing it when its last reference is given up */
#ifndef EXMAP_KMOD_LIFE_H
#define EXMAP_KMOD_LIFE_H

#include "device.h"

/**
 * exmap_device_make() - make an exmap
 * @leanstore: it follows the LeanStore dialect [8.9]
 *
 * Return: the exmap with one reference, or NULL (no memory).
 */
struct exmap_device *exmap_device_make(bool leanstore);

/** exmap_device_put() - give up a reference in @refs. Any thread; it may hold mmap_lock. */
void exmap_device_put(struct exmap_device *dev);

#endif /* EXMAP_KMOD_LIFE_H */
