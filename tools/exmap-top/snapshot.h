/* SPDX-License-Identifier: MIT */
/* snapshot.h - the figures of all exmaps that exmap-top sees, at one time */
#ifndef EXMAP_TOP_SNAPSHOT_H
#define EXMAP_TOP_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/exmap-top/remote.h"

/** struct interface_figures - one interface; the names are those of core/interface.h */
struct interface_figures {
	uint64_t free;
	uint64_t steals;
	uint64_t actions;
	uint64_t allocated;
	uint64_t freed;
	uint64_t bytes_read;
	uint64_t largest;
};

/**
 * struct exmap_figures - one exmap
 * @pid:        the process
 * @command:    its name
 * @module:     whether the kernel module serves it
 * @serial:     number of the exmap: in the process, or of the module
 * @strategy:   how pages appear; empty if no surface was ever mapped
 * @frames:     number of frames; 0 before SETUP
 * @resident:   number of pages that are mapped
 * @faults:     accesses to pages that were not allocated; of the emulator only
 * @surface:    of the emulator, while a surface is mapped; else all zero
 * @nr_interfaces: number of interfaces
 * @interfaces: their figures
 */
struct exmap_figures {
	int pid;
	char command[16];
	bool module;
	uint64_t serial;
	char strategy[12];
	uint64_t frames;
	uint64_t resident;
	uint64_t faults;
	struct remote_surface surface;
	size_t nr_interfaces;
	struct interface_figures *interfaces;
};

/**
 * struct snapshot - all exmaps, in the order of their processes and numbers
 * @when:   seconds, of a clock that only goes forward
 * @foreign: there are processes that may not be looked into at all, such as those of other users
 * @locked: number of processes that have opened an exmap and whose memory may not be read
 */
struct snapshot {
	double when;
	bool foreign;
	size_t locked;
	size_t n;
	struct exmap_figures *exmaps;
};

/** snapshot_add() - append an exmap. Return: the exmap, zeroed, with @nr_interfaces. */
struct exmap_figures *snapshot_add(struct snapshot *s, int pid, size_t nr_interfaces);

/** snapshot_drop() - remove the exmaps behind the first @n. */
void snapshot_drop(struct snapshot *s, size_t n);

/** snapshot_finish() - sort the exmaps, and set the time. */
void snapshot_finish(struct snapshot *s);

/** snapshot_find() - the same exmap in another snapshot, or NULL. */
const struct exmap_figures *snapshot_find(const struct snapshot *s, const struct exmap_figures *x);

#endif /* EXMAP_TOP_SNAPSHOT_H */
