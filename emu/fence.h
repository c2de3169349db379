/* SPDX-License-Identifier: MIT */
/*
 * fence.h - inaccessible address space around mappings
 *
 * A client's stray store must not reach what the emulator works by, and must fault where it
 * leaves the client's own mapping. So the emulator keeps its tables in mappings with a fence on
 * both sides, and puts a fence around each surface, interface page and export that a client maps.
 *
 * A fence is address space without memory. It is neither inherited by children nor dumped.
 */
#ifndef EXMAP_EMU_FENCE_H
#define EXMAP_EMU_FENCE_H

#include <stddef.h>

/** EMU_FENCE_SIZE - bytes of one fence; also how surfaces are aligned that may be exported. */
#define EMU_FENCE_SIZE (2UL << 20)

/**
 * struct emu_fence - the fences of one mapping
 * @before: bytes in front of it
 * @after:  bytes behind it
 *
 * 0 where there is no fence: the client named the address, and may have neighbours of its own, or
 * the address space is too small.
 */
struct emu_fence {
	size_t before;
	size_t after;
};

/**
 * emu_fenced_alloc() - zeroed memory of the emulator's own, with fences
 * @len: bytes; they become resident when they are touched
 *
 * Any thread; outside signal handlers it may be called with locks held.
 *
 * Return: the memory, aligned to pages, or NULL.
 */
void *emu_fenced_alloc(size_t len);

/** emu_fenced_map() - the first @len bytes of a file, shared; otherwise as emu_fenced_alloc(). */
void *emu_fenced_map(size_t len, int fd);

/** emu_fenced_free() - give up what the two above returned for @len; NULL is ignored. */
void emu_fenced_free(void *memory, size_t len);

/**
 * emu_fence_place() - inaccessible address space for a mapping that a client asked for
 * @addr:  wanted address, as for mmap()
 * @len:   bytes, a multiple of the page size
 * @flags: mmap()'s flags; of them only the kind of placement is used
 * @fence: set to the fences that the place got
 *
 * The place is private memory without access. It is not inherited, dumped, locked or made of huge
 * pages. Where the kernel chooses the address, a place of 2 MiB or more is aligned to 2 MiB.
 *
 * Return: the address, or what mmap() returns in case of an error.
 */
void *emu_fence_place(void *addr, size_t len, int flags, struct emu_fence *fence);

/** emu_fence_unmap() - unmap a mapping and its fences in one step. Return: 0 or a negative errno. */
long emu_fence_unmap(void *addr, size_t len, const struct emu_fence *fence);

#endif /* EXMAP_EMU_FENCE_H */
