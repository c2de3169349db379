/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* debug.h - exmaps in debugfs */
#ifndef EXMAP_KMOD_DEBUG_H
#define EXMAP_KMOD_DEBUG_H

struct exmap_device;

void exmap_debug_init(void);
void exmap_debug_exit(void);

/** exmap_debug_add() - SETUP is done but for letting calls in: show the exmap. */
void exmap_debug_add(struct exmap_device *dev);
void exmap_debug_remove(struct exmap_device *dev);

#endif /* EXMAP_KMOD_DEBUG_H */
