/* SPDX-License-Identifier: MIT */
/*
 * memory.h - the client's memory calls on addresses that belong to an exmap
 *
 * A caller first asks emu_vm_overlaps(), which is cheap and takes no lock. If that is false, the
 * call is none of the emulator's and goes to the kernel. The functions return what the system
 * call would, with a negative errno for an error. All of them: any thread, outside RCU read
 * sections and signal handlers, except emu_vm_overlaps(), which may be called anywhere.
 */
#ifndef EXMAP_EMU_MEMORY_H
#define EXMAP_EMU_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct exmap_file;

/**
 * emu_mmap() - mmap() of an exmap fd [2, 7.3]
 * @offset: what to map: the surface, the page of an interface, or the page-table export
 *
 * The other arguments are those of mmap(). Caller holds a reference to the file.
 *
 * Return: the address; or a negative errno as a pointer, see emu_is_error().
 */
void *emu_mmap(struct exmap_file *file, void *addr, size_t len, int prot, int flags, off_t offset);

/** emu_vm_overlaps() - whether a range meets a client's mapping of an exmap, or its fences. */
bool emu_vm_overlaps(const void *addr, size_t len);

/** emu_munmap() - munmap() of whole surfaces [2.4]; a part of one is EINVAL [2.5]. */
long emu_munmap(void *addr, size_t len);

/** emu_mprotect() - mprotect() of whole surfaces, which holds for later pages too [2.6]. */
long emu_mprotect(void *addr, size_t len, int prot);

/** emu_madvise() - madvise(): advice that would drop pages is EINVAL [2.5, 2.6]. */
long emu_madvise(void *addr, size_t len, int advice);

/**
 * emu_mremap() - mremap() of, or onto, mappings of an exmap or their fences
 *
 * An interface page may move. Surfaces and exports are EFAULT [2.5]. What is at a fixed target is
 * replaced, as by a MAP_FIXED mapping, if the kernel does not refuse the call.
 */
long emu_mremap(void *addr, size_t len, size_t new_len, int flags, void *target);

/**
 * emu_make_room() - prepare a range for a MAP_FIXED mapping of the client
 *
 * Unmaps the surfaces, interface pages and exports in the range, and all fences in it.
 *
 * Return: 0; -EINVAL if the range covers a part of one of them only, and nothing is unmapped.
 */
long emu_make_room(void *addr, size_t len);

#endif /* EXMAP_EMU_MEMORY_H */
