// SPDX-License-Identifier: MIT
/* process.c - see process.h */

#define _GNU_SOURCE
#include "emu/process.h"

#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <valgrind/valgrind.h>

#include "emu/fence.h"
#include "emu/sys.h"

/*
 * Set by make_page() and afterwards constant; *generation is 0 in a child that
 * has not asked for its own yet, and accessed atomically.
 */
static uint64_t *generation;
static uint64_t no_page;
/* Process that asked for the generation; atomic. */
static long owner;
/* In ordinary memory, so that a child continues its parent's count; atomic. */
static uint64_t last_generation;

/* The generation, a new one if there is none yet. */
static uint64_t new_generation(void)
{
	uint64_t now;
	uint64_t mine;

	now = __atomic_load_n(generation, __ATOMIC_ACQUIRE);
	if (now)
		return now;
	mine = __atomic_add_fetch(&last_generation, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&owner, emu_sys(SYS_getpid), __ATOMIC_RELAXED);
	if (__atomic_compare_exchange_n(generation, &now, mine, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return mine;
	return now;
}

static void forget_generation(void)
{
	__atomic_store_n(generation, 0, __ATOMIC_RELAXED);
	/* At once: the next to ask might be a child of vfork(), and count as the owner. */
	new_generation();
}

static void make_page(void)
{
	void *page = emu_fenced_alloc(4096);

	generation = page ? page : &no_page;
	if (generation != &no_page)
		emu_sys(SYS_madvise, page, 4096, MADV_WIPEONFORK);
	/* For kernels and tools without MADV_WIPEONFORK; raw clone() escapes this one. */
	pthread_atfork(NULL, NULL, forget_generation);
}

uint64_t emu_generation(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_page);
	return new_generation();
}

bool emu_in_vfork_child(void)
{
	emu_generation();
	return __atomic_load_n(&owner, __ATOMIC_RELAXED) != emu_sys(SYS_getpid);
}

/* One bit an fd; accessed atomically. */
static uint64_t hidden[EMU_MAX_FDS / 64];

/* Where hidden fds begin. */
static long lowest_hidden(void)
{
	struct rlimit limit;
	long lowest = 256;

	if (!emu_sys(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) && limit.rlim_cur > 512) {
		lowest = limit.rlim_cur - 256;
		if (lowest > EMU_MAX_FDS - 512)
			lowest = EMU_MAX_FDS - 512;
		/* A far number makes the kernel grow the fd table for it. */
		if (lowest > 4096)
			lowest = 4096;
	}
	return lowest;
}

static int mark_hidden(int fd)
{
	if (fd >= 0 && fd < EMU_MAX_FDS)
		__atomic_fetch_or(&hidden[fd / 64], 1ULL << fd % 64, __ATOMIC_RELEASE);
	return fd;
}

int emu_hide_copy(int fd)
{
	long copy = emu_sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest_hidden());

	if (copy < 0)
		copy = emu_sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 0);
	return mark_hidden(copy);
}

int emu_hide_fd(int fd)
{
	long high;

	if (fd < 0)
		return fd;
	high = emu_sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest_hidden());
	if (high >= 0) {
		emu_sys(SYS_close, fd);
		fd = high;
	}
	return mark_hidden(fd);
}

void emu_close_hidden(int fd)
{
	if (fd < 0)
		return;
	if (fd < EMU_MAX_FDS)
		__atomic_fetch_and(&hidden[fd / 64], ~(1ULL << fd % 64), __ATOMIC_RELEASE);
	emu_sys(SYS_close, fd);
}

bool emu_fd_is_hidden(int fd)
{
	return fd >= 0 && fd < EMU_MAX_FDS &&
	       __atomic_load_n(&hidden[fd / 64], __ATOMIC_ACQUIRE) & 1ULL << fd % 64;
}

bool emu_on_valgrind(void)
{
	return RUNNING_ON_VALGRIND;
}
