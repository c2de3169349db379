/* SPDX-License-Identifier: MIT */
/*
 * fdtable.h - which file descriptors are exmaps
 *
 * A flat array of pointers, one for each possible fd, in memory that nobody
 * touches for fds that are none. Look-ups are RCU reads: they take no lock and
 * write nothing shared. Changes go together with the kernel's own table under
 * one lock.
 */
#ifndef EXMAP_SHIM_FDTABLE_H
#define EXMAP_SHIM_FDTABLE_H

#include "emu/device.h"
#include "emu/process.h"

/* NULL until the first exmap is opened, then constant; atomic. Entries are atomic. */
extern struct exmap_file **fdtable __attribute__((visibility("hidden")));

/** fdtable_read() - the exmap that an fd is, or NULL; inside an RCU read section to use it. */
static inline struct exmap_file *fdtable_read(int fd)
{
	struct exmap_file **table = __atomic_load_n(&fdtable, __ATOMIC_ACQUIRE);

	if (!table || (unsigned int)fd >= EMU_MAX_FDS)
		return NULL;
	return __atomic_load_n(&table[fd], __ATOMIC_ACQUIRE);
}

/** fdtable_any() - whether this process ever opened an exmap. */
static inline bool fdtable_any(void)
{
	return __atomic_load_n(&fdtable, __ATOMIC_RELAXED);
}

/** fd_is_hidden() - whether an fd is the emulator's own; cheap while it has none. */
static inline bool fd_is_hidden(int fd)
{
	return fdtable_any() && emu_fd_is_hidden(fd);
}

/** fdtable_get() - the same with a reference, to be put; outside read sections. */
struct exmap_file *fdtable_get(int fd);

/** fdtable_start() - make the table. Return: false when out of memory. */
bool fdtable_start(void);

/**
 * fdtable_lock() - hold the table and the kernel's still
 *
 * Return: false in a child between vfork() and exec: it shares our memory but
 * not our fds, so the table must stay as it is. Unlock in any case.
 */
bool fdtable_lock(void);
void fdtable_unlock(void);

/** fdtable_hold() - the lock alone, across a fork; fdtable_unlock() lets go of it. */
void fdtable_hold(void);

/** fdtable_set() - the fd is this file, and takes over the caller's reference; lock held. */
void fdtable_set(int fd, struct exmap_file *file);

/**
 * fdtable_take() - the fd is no exmap any more; lock held
 *
 * Return: what it was, with its reference, to be put after unlocking; or NULL.
 */
struct exmap_file *fdtable_take(int fd);

/** fdtable_next() - the lowest fd in first ... last that is an exmap, or -1; lock held. */
int fdtable_next(unsigned int first, unsigned int last);

#endif /* EXMAP_SHIM_FDTABLE_H */
