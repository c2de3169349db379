// SPDX-License-Identifier: MIT
/* generation.c - see generation.h */

#define _GNU_SOURCE
#include "emu/generation.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>

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
