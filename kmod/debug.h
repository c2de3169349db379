/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* debug.h - exmaps in debugfs */
#ifndef EXMAP_KMOD_DEBUG_H
#define EXMAP_KMOD_DEBUG_H

struct exmap_device;

/** exmap_debug_init() - make the folder in debugfs; exmap_debug_exit() removes it. */
void exmap_debug_init(void);
void exmap_debug_exit(void);

/**
 * exmap_debug_add() - show an exmap, when SETUP has written all but nr_interfaces
 * @dev: the exmap; its setup_lock is held
 *
 * exmap_debug_remove() hides it again, and waits for threads that read its files. Both may sleep.
 */
void exmap_debug_add(struct exmap_device *dev);
void exmap_debug_remove(struct exmap_device *dev);

#endif /* EXMAP_KMOD_DEBUG_H */
