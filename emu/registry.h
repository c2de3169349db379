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

#include "emu/fence.h"

struct emu_surface;

/**
 * enum emu_region_kind - what a client has mapped from an exmap
 * @EMU_REGION_SURFACE:   the surface
 * @EMU_REGION_EXPORT:    the page table of a surface
 * @EMU_REGION_INTERFACE: the page of an interface
 */
enum emu_region_kind { EMU_REGION_SURFACE, EMU_REGION_EXPORT, EMU_REGION_INTERFACE };

/**
 * struct emu_region - a client's mapping of an exmap, with the fences around it
 * @start:     first address
 * @end:       behind the last
 * @fence:     inaccessible bytes in front of @start and behind @end
 * @kind:      what is mapped
 * @surface:   of a surface, itself; of an export, the surface whose table is shown, or NULL once
 *             that has gone; of an interface NULL
 * @exmap:     the exmap's serial number, for messages
 * @interface: the number of the interface, for messages
 */
struct emu_region {
	uintptr_t start;
	uintptr_t end;
	struct emu_fence fence;
	enum emu_region_kind kind;
	struct emu_surface *surface;
	uint64_t exmap;
	uint32_t interface;
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

/** emu_region_refence() - a region has other fences from now on; emu_vm_lock() held. */
void emu_region_refence(uintptr_t start, const struct emu_fence *fence);

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

/** emu_region_find_near() - as emu_region_find(), but a region's fences count as its own. */
bool emu_region_find_near(uintptr_t start, uintptr_t end, struct emu_region *region);

#endif /* EXMAP_EMU_REGISTRY_H */
