/* SPDX-License-Identifier: MIT */
/*
 * memory.h - the client's memory calls, where they meet mappings of an exmap
 *
 * A caller first asks emu_vm_overlaps(), which is cheap; only if it says yes do
 * the others have something to do. They return what the system call would,
 * a negative errno for an error. Outside RCU read sections.
 */
#ifndef EXMAP_EMU_MEMORY_H
#define EXMAP_EMU_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct exmap_file;

/**
 * emu_mmap() - mmap() of an exmap fd [2, 7.3]
 *
 * Caller holds a reference to the file. Return: address, or a negative errno.
 */
void *emu_mmap(struct exmap_file *file, void *addr, size_t len, int prot, int flags, off_t offset);

/** emu_vm_overlaps() - whether a range touches a client's mapping of an exmap, or a fence of one. */
bool emu_vm_overlaps(const void *addr, size_t len);

/** emu_munmap() - munmap(): whole surfaces go [2.4], a part of one is EINVAL [2.5]. */
long emu_munmap(void *addr, size_t len);

/** emu_mprotect() - mprotect(): of whole surfaces, for later pages too [2.6]. */
long emu_mprotect(void *addr, size_t len, int prot);

/** emu_madvise() - madvise(): advice that keeps the pages is taken [2.5, 2.6]. */
long emu_madvise(void *addr, size_t len, int advice);

/** emu_mremap() - mremap(): an interface page may move; surfaces and exports do not [2.5]. */
long emu_mremap(void *addr, size_t len, size_t new_len, int flags, void *new_addr);

/** emu_make_room() - before a MAP_FIXED mapping: surfaces wholly under it go, and fences. */
long emu_make_room(void *addr, size_t len);

#endif /* EXMAP_EMU_MEMORY_H */
