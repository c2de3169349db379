/* SPDX-License-Identifier: MIT */
/*
 * registry.h - which addresses of this process belong to an exmap
 *
 * The client's memory calls and the fault handlers look addresses up here. So a look-up takes no
 * lock and never waits.
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
 * @end:       address behind the last
 * @fence:     the fences in front of @start and behind @end
 * @kind:      what is mapped
 * @surface:   for a surface: itself; for an export: the surface whose page table it is, or NULL
 *             after that was unmapped; for an interface: NULL
 * @exmap:     serial number of the exmap, for messages
 * @interface: number of the interface, for messages
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
 * emu_vm_lock() - lock the list of regions, and the client's mappings of exmaps, against changes
 *
 * Taken before the lock of any exmap. Also held across fork(), see emu_fork_prepare().
 */
void emu_vm_lock(void);
void emu_vm_unlock(void);

/**
 * emu_region_add() - add a region; emu_vm_lock() held
 *
 * Return: 0; -ENOMEM if there are too many regions, or no memory for the table.
 */
int emu_region_add(const struct emu_region *region);

/** emu_region_remove() - remove the region that starts at @start; emu_vm_lock() held. */
void emu_region_remove(uintptr_t start);

/** emu_region_refence() - set the fences of the region at @start; emu_vm_lock() held. */
void emu_region_refence(uintptr_t start, const struct emu_fence *fence);

/**
 * emu_region_orphan() - set @surface of a surface's exports to NULL; emu_vm_lock() held
 *
 * To be called before the surface is freed.
 */
void emu_region_orphan(struct emu_surface *surface);

/**
 * emu_region_find() - find the lowest region that overlaps a range
 * @start:  first address of the range
 * @end:    address behind the range
 * @region: set to a copy of the region, if there is one
 *
 * Any thread, in signal handlers too. A caller that uses the surface of the region must be in an
 * RCU read section since before the call, or hold emu_vm_lock(): otherwise the surface may be
 * freed meanwhile. Regions that a parent process had mapped are not found.
 *
 * Return: whether there is one.
 */
bool emu_region_find(uintptr_t start, uintptr_t end, struct emu_region *region);

/** emu_region_find_near() - like emu_region_find(), but the fences belong to their region. */
bool emu_region_find_near(uintptr_t start, uintptr_t end, struct emu_region *region);

#endif /* EXMAP_EMU_REGISTRY_H */
