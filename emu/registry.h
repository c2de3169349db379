/* SPDX-License-Identifier: MIT */
/*
 * registry.h - which addresses of this process belong to an exmap
 *
 * Looked up by memory calls of the client and by fault handlers, so a look-up
 * takes no lock and never waits.
 */
#ifndef EXMAP_EMU_REGISTRY_H
#define EXMAP_EMU_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct emu_surface;

enum emu_region_kind { EMU_REGION_SURFACE, EMU_REGION_EXPORT };

/**
 * struct emu_region - a mapping of ours
 * @start:   first address
 * @end:     behind the last
 * @kind:    the surface itself, or its exported page table
 * @surface: whose; an export may outlive it, and then this is NULL
 */
struct emu_region {
	uintptr_t start;
	uintptr_t end;
	enum emu_region_kind kind;
	struct emu_surface *surface;
};

/**
 * emu_vm_lock() - hold still all changes of mappings of ours
 *
 * Taken before any exmap's own lock. Also held across fork(), see
 * emu_fork_prepare().
 */
void emu_vm_lock(void);
void emu_vm_unlock(void);

/** emu_region_add() - add one; emu_vm_lock() held. Return: 0 or -ENOMEM, when there are too many. */
int emu_region_add(const struct emu_region *region);

/** emu_region_remove() - take out the one that starts there; emu_vm_lock() held. */
void emu_region_remove(uintptr_t start);

/** emu_region_orphan() - the surface of exports is about to go; emu_vm_lock() held. */
void emu_region_orphan(struct emu_surface *surface);

/**
 * emu_region_find() - the region that overlaps a range, the lowest if several do
 * @start:  the range
 * @end:    behind it
 * @region: filled in if there is one
 *
 * Any thread, signal handlers too. To use the surface that is found, be inside
 * an RCU read section since before the call, or hold emu_vm_lock(). Regions that
 * a parent process had do not count.
 */
bool emu_region_find(uintptr_t start, uintptr_t end, struct emu_region *region);

#endif /* EXMAP_EMU_REGISTRY_H */
