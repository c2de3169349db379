/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* setup.h - EXMAP_IOCTL_SETUP */
#ifndef EXMAP_KMOD_SETUP_H
#define EXMAP_KMOD_SETUP_H

#include "device.h"

/**
 * exmap_setup() - EXMAP_IOCTL_SETUP [3]
 * @dev:     the exmap; its setup_lock is held
 * @foreign: another process has mapped the surface [1.4]
 * @arg:     the client's arguments
 *
 * Return: 0 or a negative errno, and then nothing has changed.
 */
long exmap_setup(struct exmap_device *dev, bool foreign,
		 const struct exmap_ioctl_setup __user *arg);

/**
 * exmap_setup_undo() - free what exmap_setup() made, if anything
 * @dev: the exmap
 *
 * Caller: no other thread uses the exmap.
 */
void exmap_setup_undo(struct exmap_device *dev);

#endif /* EXMAP_KMOD_SETUP_H */
