/* SPDX-License-Identifier: MIT */
/* look.h - look at all exmaps that are to be shown */
#ifndef EXMAP_TOP_LOOK_H
#define EXMAP_TOP_LOOK_H

#include "tools/exmap-top/snapshot.h"

/**
 * struct look - what is to be shown
 * @pid:    exmaps of this process only; 0 for all
 * @folder: the module's folder in debugfs
 */
struct look {
	int pid;
	const char *folder;
};

/** look_first() - take a snapshot, or fail() with the reason why @pid shows nothing. */
struct snapshot look_first(const struct look *look);

/** look_again() - take a snapshot, which may be empty. */
struct snapshot look_again(const struct look *look);

#endif /* EXMAP_TOP_LOOK_H */
