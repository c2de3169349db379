/* SPDX-License-Identifier: MIT */
/*
 * surface.h - a mapped surface in this address space, and how pages get there
 */
#ifndef EXMAP_EMU_SURFACE_H
#define EXMAP_EMU_SURFACE_H

#include "core/surface.h"
#include "emu/fence.h"

struct emu_slots;
struct emu_surface;
struct exmap_device;

/**
 * struct emu_mover - one way to make pages appear and vanish
 * @name:    for people and EXMAP_OPTIONS
 * @ops:     what core/ calls
 * @prepare: make a PROT_NONE mapping ready; negative errno if it cannot be had
 * @frames:  the exmap has been set up, or was before @prepare: how many frames it has
 *           is known. No call has run yet. May be NULL.
 * @protect: apply new protection to the whole mapping, while calls are stopped
 * @release: undo @prepare, after the mapping is gone
 */
struct emu_mover {
	const char *name;
	struct exmap_surface_ops ops;
	int (*prepare)(struct emu_surface *s);
	void (*frames)(struct emu_surface *s, u64 nr_frames);
	int (*protect)(struct emu_surface *s, int prot);
	void (*release)(struct emu_surface *s);
};

/**
 * struct emu_surface - the mapping of one exmap
 * @core:        what core/ knows of it: the page table, the ops; must be first
 * @mover:       how pages appear and vanish
 * @dev:         the exmap
 * @generation:  address space that it lives in, see emu_generation()
 * @len:         bytes of the mapping
 * @fence:       the fences that it was mapped with
 * @table_len:   bytes of @core.table
 * @touched_len: bytes of @core.touched
 * @table_fd:    memfd behind @core.table
 * @prot:        what mmap() and mprotect() said; written while calls are stopped
 * @may_write:   whether the fd was open for writing
 * @exported:    a page-table export is mapped; under emu_vm_lock()
 * @uffd:        COPY: the userfaultfd, else -1
 * @zap_fd:      what emu_zap() wants
 * @source:      COPY: what fresh pages are filled from, EMU_SOURCE_PAGES long
 * @slots:       MOVE: where pages are while they are free, or NULL; written once, before
 *               the first call
 * @blocks:      what @core.blocks is
 *
 * Constant after emu_surface_create() where nothing else is said. Freed after
 * an RCU grace period, so that calls and fault handlers may look at it inside
 * a read section.
 */
struct emu_surface {
	struct exmap_surface core;
	const struct emu_mover *mover;
	struct exmap_device *dev;
	u64 generation;
	size_t len;
	struct emu_fence fence;
	size_t table_len;
	size_t touched_len;
	int table_fd;
	int prot;
	bool may_write;
	bool exported;
	int uffd;
	int zap_fd;
	const char *source;
	struct emu_slots *slots;
	struct exmap_block blocks[EXMAP_BLOCK_LOCKS];
};

#define EMU_SOURCE_PAGES 512

/**
 * emu_surface_create() - map a surface
 * @dev:    the exmap
 * @addr:   wanted address, as for mmap()
 * @len:    bytes, a multiple of the page size
 * @prot:   protection of pages that are mapped
 * @flags:  mmap()'s flags; of them only the kind of placement is used
 * @choose: sets the mover of a surface that is not accessible yet, and prepares the mover
 * @out:    the new surface
 *
 * Return: 0 or a negative errno.
 */
int emu_surface_create(struct exmap_device *dev, void *addr, size_t len, int prot, int flags,
		       int (*choose)(struct emu_surface *s), struct emu_surface **out);

/**
 * emu_surface_protect() - mprotect() of the whole surface, while calls are stopped
 *
 * Return: 0 or a negative errno, and then nothing has changed.
 */
int emu_surface_protect(struct emu_surface *s, int prot);

/**
 * emu_surface_destroy() - give up what is behind a surface
 *
 * The mapping itself is gone already, no call runs on it, and nobody finds it
 * any more; readers that still look are waited for.
 */
void emu_surface_destroy(struct emu_surface *s);

/** emu_surface_alive() - whether a surface is mapped in this very address space. */
bool emu_surface_alive(const struct emu_surface *s);

static inline struct emu_surface *emu_surface_of(struct exmap_surface *s)
{
	return (struct emu_surface *)s;
}

static inline void *emu_page_address(const struct exmap_surface *s, u64 page)
{
	return (void *)(uintptr_t)(s->base + (page << EXMAP_PAGE_SHIFT));
}

/** emu_pages_len() - pages that so many bytes are in, as bytes. */
static inline size_t emu_pages_len(size_t bytes)
{
	return (bytes + EXMAP_PAGE_SIZE - 1) & ~(EXMAP_PAGE_SIZE - 1);
}

#endif /* EXMAP_EMU_SURFACE_H */
