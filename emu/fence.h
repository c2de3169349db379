/* SPDX-License-Identifier: MIT */
/*
 * fence.h - inaccessible address space around mappings
 *
 * A stray store of the client must not change the emulator's tables. It must fault as soon as it
 * leaves the mapping that the client meant. So a fence stands on both sides of the emulator's
 * own memory, and of each surface, interface page and export that a client maps.
 *
 * A fence is PROT_NONE address space without memory. Children do not inherit it, and core dumps
 * leave it out.
 */
#ifndef EXMAP_EMU_FENCE_H
#define EXMAP_EMU_FENCE_H

#include <stddef.h>

/** EMU_FENCE_SIZE - bytes of one fence; also the alignment of a surface that can be exported. */
#define EMU_FENCE_SIZE (2UL << 20)

/**
 * struct emu_fence - the fences of one mapping
 * @before: bytes of the fence in front of the mapping, 0 if there is none
 * @after:  bytes of the fence behind the mapping, 0 if there is none
 *
 * There is no fence where the client fixed the address, because its own mappings may be next to
 * that; nor where something else is mapped, or the address space is too small.
 */
struct emu_fence {
	size_t before;
	size_t after;
};

/**
 * emu_fenced_alloc() - allocate zeroed memory for the emulator, between fences
 * @len: bytes, rounded up to whole pages, which become resident when they are touched
 *
 * Any thread. Takes no lock.
 *
 * Return: page-aligned memory, for emu_fenced_free(); NULL if out of memory or address space.
 */
void *emu_fenced_alloc(size_t len);

/** emu_fenced_map() - like emu_fenced_alloc(), but the shared first @len bytes of file @fd. */
void *emu_fenced_map(size_t len, int fd);

/**
 * emu_fenced_free() - unmap memory of emu_fenced_alloc() or emu_fenced_map(), and its fences
 * @memory: the memory; NULL is ignored
 * @len:    bytes, as they were asked for
 *
 * Any thread. Takes no lock.
 */
void emu_fenced_free(void *memory, size_t len);

/**
 * emu_fence_place() - reserve address space for a mapping that a client asked for
 * @addr:  wanted address, as for mmap()
 * @len:   bytes, a multiple of the page size
 * @flags: the client's mmap() flags; only MAP_FIXED, MAP_FIXED_NOREPLACE and MAP_32BIT count
 * @fence: set to the fences that the place got
 *
 * The place is private PROT_NONE memory. It is not inherited, dumped, locked or made of huge
 * pages. Where the kernel chooses the address, a place of 2 MiB or more is aligned to 2 MiB.
 * Any thread.
 *
 * Return: the address; or a negative errno of mmap() as a pointer, see emu_is_error().
 */
void *emu_fence_place(void *addr, size_t len, int flags, struct emu_fence *fence);

/**
 * emu_fence_unmap() - unmap a mapping and its fences by one munmap()
 * @addr:  the mapping, without its fences
 * @len:   bytes of the mapping, without its fences
 * @fence: the fences
 *
 * Any thread. Return: 0 or a negative errno.
 */
long emu_fence_unmap(void *addr, size_t len, const struct emu_fence *fence);

#endif /* EXMAP_EMU_FENCE_H */
