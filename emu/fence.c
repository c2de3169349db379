// SPDX-License-Identifier: MIT
/* fence.c - inaccessible address space around mappings; see fence.h */

#define _GNU_SOURCE
#include "emu/fence.h"

#include <stdint.h>
#include <sys/mman.h>

#include "core/platform.h"
#include "emu/sys.h"
#include "emu/uapi.h"

static uintptr_t round_up(uintptr_t n, uintptr_t unit)
{
	return (n + unit - 1) / unit * unit;
}

static char *map_nothing(void *addr, size_t len, int flags)
{
	return (char *)emu_sys(SYS_mmap, addr, len, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
}

/* Under mlockall(MCL_FUTURE) the kernel locks new mappings, and fills the accessible ones. */
static void unlock(char *start, size_t len)
{
	emu_sys(SYS_munlock, start, len);
}

/* A place and its fences get the same advice: only then can the kernel keep them as one VMA. */
static void advise(char *start, size_t len)
{
	unlock(start, len);
	emu_sys(SYS_madvise, start, len, MADV_DONTFORK);
	emu_sys(SYS_madvise, start, len, MADV_DONTDUMP);
	emu_sys(SYS_madvise, start, len, MADV_NOHUGEPAGE);
}

/* Reserves @len bytes between two fences. Return: NULL if there is no address space. */
static char *make_room(size_t len)
{
	size_t whole = len + 2 * EMU_FENCE_SIZE;
	char *room = map_nothing(NULL, whole, 0);

	if (emu_is_error(room))
		return NULL;
	unlock(room, whole);
	/* The kernel leaves out what is inaccessible, and gdb's gcore does not. */
	emu_sys(SYS_madvise, room, whole, MADV_DONTDUMP);
	return room + EMU_FENCE_SIZE;
}

/*
 * ThreadSanitizer does not see our system calls: memory that one thread gives up and another gets
 * would be a race to it. The kernel orders the two.
 */
#ifdef EXMAP_TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);

static char given_up;

static void tell_given_up(void)
{
	__tsan_release(&given_up);
}

static void tell_fresh(void)
{
	__tsan_acquire(&given_up);
}
#else
static void tell_given_up(void)
{
}

static void tell_fresh(void)
{
}
#endif

static void *make_accessible(char *memory, size_t len)
{
	tell_fresh();
	if (!emu_sys(SYS_mprotect, memory, len, PROT_READ | PROT_WRITE)) {
		emu_sys(SYS_madvise, memory, len, MADV_DODUMP);
		return memory;
	}
	emu_fenced_free(memory, len);
	return NULL;
}

void *emu_fenced_alloc(size_t len)
{
	char *memory;

	len = round_up(len, EXMAP_PAGE_SIZE);
	memory = make_room(len);
	return memory ? make_accessible(memory, len) : NULL;
}

void *emu_fenced_map(size_t len, int fd)
{
	char *memory;
	void *shared;

	len = round_up(len, EXMAP_PAGE_SIZE);
	memory = make_room(len);
	if (!memory)
		return NULL;
	shared = (void *)emu_sys(SYS_mmap, memory, len, PROT_NONE,
				 MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0);
	if (emu_is_error(shared)) {
		emu_fenced_free(memory, len);
		return NULL;
	}
	unlock(memory, len);
	return make_accessible(memory, len);
}

void emu_fenced_free(void *memory, size_t len)
{
	const struct emu_fence both = { EMU_FENCE_SIZE, EMU_FENCE_SIZE };

	tell_given_up();
	if (memory)
		emu_fence_unmap(memory, round_up(len, EXMAP_PAGE_SIZE), &both);
}

/*
 * Reserves a place with both fences by one mmap(), at an address that the kernel chooses.
 * Return: NULL if there is no room for all three.
 */
static char *place_anywhere(size_t len, int flags)
{
	/*
	 * Large places are aligned to 2 MiB. An export requires that [7.3], and no page-table page
	 * is then shared with a neighbouring mapping.
	 */
	size_t align = len < EMU_FENCE_SIZE ? EXMAP_PAGE_SIZE : EMU_FENCE_SIZE;
	size_t slack = align - EXMAP_PAGE_SIZE;
	size_t whole = len + 2 * EMU_FENCE_SIZE;
	char *raw;
	char *start;

	if (len > SIZE_MAX / 2)
		return NULL;
	raw = map_nothing(NULL, whole + slack, flags);
	if (emu_is_error(raw))
		return NULL;
	start = (char *)round_up((uintptr_t)raw, align);
	if (start > raw)
		emu_sys(SYS_munmap, raw, start - raw);
	if (start + whole < raw + whole + slack)
		emu_sys(SYS_munmap, start + whole, raw + slack - start);
	advise(start, whole);
	return start + EMU_FENCE_SIZE;
}

void *emu_fence_place(void *addr, size_t len, int flags, struct emu_fence *fence)
{
	char *place;

	flags &= MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_32BIT;
	*fence = (struct emu_fence){ 0 };
	if (!addr && !(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
		place = place_anywhere(len, flags);
		if (place) {
			fence->before = fence->after = EMU_FENCE_SIZE;
			return place;
		}
	}
	/* A client that names the address may want its next mapping right beside this one. */
	place = map_nothing(addr, len, flags);
	if (!emu_is_error(place))
		advise(place, len);
	return place;
}

long emu_fence_unmap(void *addr, size_t len, const struct emu_fence *fence)
{
	return emu_sys(SYS_munmap, (char *)addr - fence->before,
		       fence->before + len + fence->after);
}
