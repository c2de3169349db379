/* SPDX-License-Identifier: MIT */
/*
 * fdtable.h - which file descriptors are exmaps
 *
 * A flat array with a pointer for each possible fd: to the open exmap, or NULL.
 * The array is reserved address space; only pages with an entry in use take memory.
 *
 * Look-ups are RCU reads: they take no lock and write nothing that other threads
 * read. A change holds a lock across the change of the kernel's own table, so that
 * both tables agree about who closed or replaced an fd first.
 */
#ifndef EXMAP_SHIM_FDTABLE_H
#define EXMAP_SHIM_FDTABLE_H

#include "emu/device.h"
#include "emu/hidden_fd.h"

/* The array. NULL until the first exmap is opened, then constant. It and its entries are atomic. */
extern struct exmap_file **fdtable __attribute__((visibility("hidden")));

/**
 * fdtable_read() - the exmap behind an fd
 *
 * Context: any thread. The file may be freed at the end of the RCU read section in
 * which it was read; outside of one only the answer yes or no may be used.
 * Return: the file, or NULL if the fd is no exmap, or no fd.
 */
static inline struct exmap_file *fdtable_read(int fd)
{
	struct exmap_file **table = __atomic_load_n(&fdtable, __ATOMIC_ACQUIRE);

	if (!table || (unsigned int)fd >= EMU_MAX_FDS)
		return NULL;
	return __atomic_load_n(&table[fd], __ATOMIC_ACQUIRE);
}

/** fdtable_any() - whether this process has ever opened an exmap. Any thread; one load. */
static inline bool fdtable_any(void)
{
	return __atomic_load_n(&fdtable, __ATOMIC_RELAXED);
}

/** fd_is_hidden() - whether an fd is one of the emulator's own, which the client must not see. */
static inline bool fd_is_hidden(int fd)
{
	return fdtable_any() && emu_fd_is_hidden(fd);
}

/**
 * fdtable_get() - the exmap behind an fd, with a reference
 *
 * Context: any thread, outside RCU read sections.
 * Return: the file, for emu_file_put(); or NULL if the fd is no exmap.
 */
struct exmap_file *fdtable_get(int fd);

/**
 * fdtable_name() - the name by which the exmap behind an fd was opened
 * @name: set to it if the fd is an exmap
 *
 * Context: any thread.
 * Return: whether the fd is an exmap.
 */
bool fdtable_name(int fd, enum emu_name *name);

/**
 * fdtable_start() - make the table, unless there is one
 *
 * Context: any thread.
 * Return: false when out of memory.
 */
bool fdtable_start(void);

/**
 * fdtable_lock() - begin a change of the table and of the kernel's own
 *
 * Context: any thread, outside RCU read sections. fdtable_unlock() ends it, whatever
 * this returned.
 * Return: false if the table must not be changed: this is a child between vfork()
 * and exec, which shares its parent's memory, but not its fds.
 */
bool fdtable_lock(void);
void fdtable_unlock(void);

/** fdtable_hold() - take the lock, across a fork; fdtable_unlock() releases it. */
void fdtable_hold(void);

/**
 * fdtable_set() - from now on an fd is an exmap
 * @fd:   below EMU_MAX_FDS
 * @file: with a reference, which the table takes over
 *
 * Context: lock held.
 */
void fdtable_set(int fd, struct exmap_file *file);

/**
 * fdtable_take() - from now on an fd is no exmap
 *
 * Context: lock held.
 * Return: the file that it was, with the table's reference, for emu_file_put() after
 * fdtable_unlock(); or NULL if it was none.
 */
struct exmap_file *fdtable_take(int fd);

/** fdtable_next() - the lowest fd from @first to @last that is an exmap, or -1. Lock held. */
int fdtable_next(unsigned int first, unsigned int last);

#endif /* EXMAP_SHIM_FDTABLE_H */
