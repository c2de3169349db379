/* SPDX-License-Identifier: MIT */
/* module.h - exmaps of the kernel module, from its folder in debugfs */
#ifndef EXMAP_TOP_MODULE_H
#define EXMAP_TOP_MODULE_H

#include "tools/exmap-top/snapshot.h"

/** MODULE_FOLDER - where the module shows its exmaps, to root */
#define MODULE_FOLDER "/sys/kernel/debug/exmap"

/**
 * module_look() - add the module's exmaps to a snapshot
 * @folder: MODULE_FOLDER; nothing is added if it is not there, or may not be read
 * @pid:    of this process only; 0 for all
 */
void module_look(const char *folder, int pid, struct snapshot *s);

#endif /* EXMAP_TOP_MODULE_H */
