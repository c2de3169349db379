/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* life.h - an exmap comes and goes */
#ifndef EXMAP_KMOD_LIFE_H
#define EXMAP_KMOD_LIFE_H

#include "device.h"

/** exmap_device_make() - a new exmap, with one reference. Return: NULL without memory. */
struct exmap_device *exmap_device_make(void);

/** exmap_device_put() - give up a file's or a surface's reference. */
void exmap_device_put(struct exmap_device *dev);

#endif /* EXMAP_KMOD_LIFE_H */
