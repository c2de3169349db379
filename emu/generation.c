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
 * The page that fork() wipes. The pointer is set by make_page() and then constant. The number
 * is atomic, and 0 in a child that has not asked for a generation of its own yet.
 */
static uint64_t *generation;
/* Holds the number if there is no memory for a page. */
static uint64_t no_page;
/* Process that took the generation; atomic. A child of vfork() shares this memory, not the pid. */
static long owner;
/* Last generation taken; atomic. fork() copies it, so a child's number is above its parent's. */
static uint64_t last_generation;

/* Return: the generation of this process, which is taken now if there is none yet. */
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
	/* Taken at once: if a child of vfork() were the first to ask, it would become the owner. */
	new_generation();
}

static void make_page(void)
{
	void *page = emu_fenced_alloc(4096);

	generation = page ? page : &no_page;
	if (generation != &no_page)
		emu_sys(SYS_madvise, page, 4096, MADV_WIPEONFORK);
	/* For kernels and tools without MADV_WIPEONFORK. It does not see a raw clone(). */
	pthread_atfork(NULL, NULL, forget_generation);
}

uint64_t emu_generation(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_page);
	return new_generation();
}

const uint64_t *emu_generation_page(void)
{
	emu_generation();
	return generation;
}

bool emu_in_vfork_child(void)
{
	emu_generation();
	return __atomic_load_n(&owner, __ATOMIC_RELAXED) != emu_sys(SYS_getpid);
}
