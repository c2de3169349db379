/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* setup.h - EXMAP_IOCTL_SETUP */
#ifndef EXMAP_KMOD_SETUP_H
#define EXMAP_KMOD_SETUP_H

#include "device.h"

/**
 * exmap_setup() - EXMAP_IOCTL_SETUP [3]; the device's setup_lock held
 * @foreign: another process has mapped the surface [1.4]
 */
long exmap_setup(struct exmap_device *dev, bool foreign,
		 const struct exmap_ioctl_setup __user *arg);

/** exmap_setup_undo() - give back what exmap_setup() made, if it did; nobody uses the device. */
void exmap_setup_undo(struct exmap_device *dev);

#endif /* EXMAP_KMOD_SETUP_H */
