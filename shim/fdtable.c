// SPDX-License-Identifier: MIT
/* fdtable.c - see fdtable.h */

#define _GNU_SOURCE
#include "shim/fdtable.h"

#include "emu/fence.h"
#include "emu/generation.h"
#include "emu/rcu.h"
#include "emu/reentry.h"

struct exmap_file **fdtable;

/* Protects changes of the table. Taken before all of the emulator's locks. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* No fd above this one was ever an exmap. Under lock. */
static int highest = -1;

bool fdtable_start(void)
{
	pthread_mutex_lock(&lock);
	if (!fdtable)
		__atomic_store_n(&fdtable, emu_fenced_alloc(EMU_MAX_FDS * sizeof(*fdtable)),
				 __ATOMIC_RELEASE);
	pthread_mutex_unlock(&lock);
	return fdtable_any();
}

struct exmap_file *fdtable_get(int fd)
{
	struct exmap_file *file;

	if (!fdtable_read(fd))
		return NULL;
	emu_rcu_read_lock();
	file = fdtable_read(fd);
	if (file && !emu_file_get(file))
		file = NULL;
	emu_rcu_read_unlock();
	return file;
}

bool fdtable_name(int fd, enum emu_name *name)
{
	struct exmap_file *file;

	if (!fdtable_read(fd))
		return false;
	emu_rcu_read_lock();
	file = fdtable_read(fd);
	if (file)
		*name = file->name;
	emu_rcu_read_unlock();
	return file;
}

void fdtable_hold(void)
{
	emu_note_lock();
	pthread_mutex_lock(&lock);
}

bool fdtable_lock(void)
{
	fdtable_hold();
	return !emu_in_vfork_child();
}

#ifdef EXMAP_CHECK
/* Asserts what holds while nobody changes the table: each fd has a reference to its file. */
static void check(void)
{
	for (int fd = 0; fdtable && fd <= highest; fd++) {
		const struct exmap_file *file = fdtable[fd];
		u32 fds = 0;

		if (!file)
			continue;
		for (int other = 0; other <= highest; other++)
			fds += fdtable[other] == file;
		exmap_assert(exmap_load(&file->refs) >= fds);
		exmap_assert(exmap_load(&exmap_load(&file->dev)->refs) >= 1);
	}
}
#else
static void check(void)
{
}
#endif

void fdtable_unlock(void)
{
	check();
	pthread_mutex_unlock(&lock);
	emu_note_unlock();
}

void fdtable_set(int fd, struct exmap_file *file)
{
	emu_rcu_publish();
	__atomic_store_n(&fdtable[fd], file, __ATOMIC_RELEASE);
	if (fd > highest)
		highest = fd;
}

struct exmap_file *fdtable_take(int fd)
{
	if (!fdtable || (unsigned int)fd >= EMU_MAX_FDS)
		return NULL;
	return __atomic_exchange_n(&fdtable[fd], NULL, __ATOMIC_ACQ_REL);
}

int fdtable_next(unsigned int first, unsigned int last)
{
	for (unsigned int fd = first; fd <= last && highest >= 0 && fd <= (unsigned int)highest;
	     fd++) {
		if (fdtable_read(fd))
			return fd;
	}
	return -1;
}
