/* SPDX-License-Identifier: MIT */
/*
 * surface.h - the surface of an exmap: its mapping, its page table, and its mover
 */
#ifndef EXMAP_EMU_SURFACE_H
#define EXMAP_EMU_SURFACE_H

#include "core/surface.h"
#include "emu/fence.h"

struct emu_chunks;
struct emu_holes;
struct emu_slots;
struct emu_surface;
struct exmap_device;

/**
 * struct emu_mover - one way to make pages appear and vanish
 * @name:    name of the strategy, in EXMAP_OPTIONS and in messages
 * @ops:     the ops that core/ calls
 * @prepare: make a PROT_NONE mapping ready; a negative errno if this machine does not permit it
 * @show:    or NULL if @ops.map does it: make the pages of shadows appear, for the emulator to copy
 *           into. Returns the number of pages, from the first on
 * @frames:  or NULL: called once, as soon as the surface is mapped and the exmap is set up, so
 *           that the number of frames is known; before the first call
 * @protect: apply @prot to the whole mapping; calls are stopped
 * @release: undo @prepare and @frames; the mapping is gone already
 */
struct emu_mover {
	const char *name;
	struct exmap_surface_ops ops;
	int (*prepare)(struct emu_surface *s);
	u64 (*show)(struct emu_surface *s, const struct exmap_run *run);
	void (*frames)(struct emu_surface *s, u64 nr_frames);
	int (*protect)(struct emu_surface *s, int prot);
	void (*release)(struct emu_surface *s);
};

/**
 * struct emu_surface - the mapping of one exmap
 * @core:        the part that core/ works on: the page table, the ops; must be first
 * @mover:       how pages appear and vanish
 * @dev:         the exmap
 * @generation:  emu_generation() of the process that mapped the surface
 * @present:     emu_generation_page(): what @generation is compared with; atomic
 * @len:         bytes of the mapping, without fences
 * @fence:       the fences around the mapping
 * @table_len:   bytes of @core.table
 * @touched_len: bytes of @core.touched
 * @table_fd:    memfd of @core.table
 * @dumped:      number of parts of the table that are in a core file, see dump.h; atomic
 * @prot:        protection, as mmap() or mprotect() set it; written under dev->lock while calls
 *               are stopped, read atomically
 * @may_write:   whether the file was open for writing; set before the surface is published
 * @exported:    a page-table export is mapped; under emu_vm_lock()
 * @uffd:        under copy and move: the userfaultfd; else -1
 * @advice_fd:   first argument for emu_advise()
 * @chunks:      under guard: which parts have their guards
 * @mappings:    under mprotect: what emu_mappings_claim() has given, by SETUP and by the first
 *               SHADOW; atomic
 * @holes:       under mprotect: counts what the allocated pages can need, or NULL if @mappings are
 *               enough for any; written once, under dev->lock, before the first call
 * @shadow_holes: under mprotect: counts what the pages of shadows need, if @holes does not count
 *               them; NULL before the first SHADOW. Written once; atomic
 * @source:      under copy and move: EMU_SOURCE_PAGES pages that fresh pages are copied from
 * @slots:       under move: the slots of free frames, or NULL; written once, under dev->lock,
 *               before the first call
 * @blocks:      the memory of @core.blocks
 *
 * Fields of which nothing else is said are constant after emu_surface_create(). A surface is
 * freed after an RCU grace period, so that calls and fault handlers may use it in a read section.
 */
struct emu_surface {
	struct exmap_surface core;
	const struct emu_mover *mover;
	struct exmap_device *dev;
	u64 generation;
	const u64 *present;
	size_t len;
	struct emu_fence fence;
	size_t table_len;
	size_t touched_len;
	int table_fd;
	u32 dumped;
	int prot;
	bool may_write;
	bool exported;
	int uffd;
	int advice_fd;
	struct emu_chunks *chunks;
	u64 mappings;
	struct emu_holes *holes;
	struct emu_holes *shadow_holes;
	const char *source;
	struct emu_slots *slots;
	struct exmap_block blocks[EXMAP_BLOCK_LOCKS];
};

/** EMU_KEPT_PAGES - pages of ended shadows that an interface leaves mapped at most: 16 MiB. */
#define EMU_KEPT_PAGES 4096

/** EMU_SOURCE_PAGES - pages that one UFFDIO_COPY maps at most as fresh pages. */
#define EMU_SOURCE_PAGES 512

/**
 * emu_surface_create() - map a surface
 * @dev:    the exmap
 * @addr:   wanted address, as for mmap()
 * @len:    bytes, a multiple of the page size
 * @prot:   protection of the pages that will be allocated
 * @flags:  the client's mmap() flags; only those that place the mapping count
 * @choose: sets and prepares the mover of a surface that is reserved (PROT_NONE)
 * @out:    set to the new surface, which has no pages, and which no other thread knows yet
 *
 * Any thread. Return: 0 or a negative errno; most errors also print a line on stderr.
 */
int emu_surface_create(struct exmap_device *dev, void *addr, size_t len, int prot, int flags,
		       int (*choose)(struct emu_surface *s), struct emu_surface **out);

/**
 * emu_surface_protect() - set the protection of a whole surface, and of its later pages
 *
 * dev->lock held, and calls stopped. Return: 0; -EACCES for PROT_WRITE if the file was not open
 * for writing; the kernel's negative errno.
 */
int emu_surface_protect(struct emu_surface *s, int prot);

/** emu_surface_forget_marks() - undo the marks of memcheck.h, before a surface is unmapped. */
void emu_surface_forget_marks(const struct emu_surface *s);

/**
 * emu_surface_destroy() - free a surface, after its mapping was unmapped
 *
 * No call runs on the surface, and neither its exmap nor the registry lead to it any more. Waits
 * for the RCU read sections that may still use it. Outside read sections.
 */
void emu_surface_destroy(struct emu_surface *s);

/** emu_surface_alive() - whether a surface, which may be NULL, is mapped in this address space. */
static inline bool emu_surface_alive(const struct emu_surface *s)
{
	return s && s->generation == exmap_load(s->present);
}

/** emu_surface_of() - the emulator's surface, of which core/ knows the first part. */
static inline struct emu_surface *emu_surface_of(struct exmap_surface *s)
{
	return (struct emu_surface *)s;
}

/** emu_page_address() - the address of a page of the surface. */
static inline void *emu_page_address(const struct exmap_surface *s, u64 page)
{
	return (void *)(uintptr_t)(s->base + (page << EXMAP_PAGE_SHIFT));
}

/** emu_pages_len() - @bytes, rounded up to whole pages. */
static inline size_t emu_pages_len(size_t bytes)
{
	return (bytes + EXMAP_PAGE_SIZE - 1) & ~(EXMAP_PAGE_SIZE - 1);
}

#endif /* EXMAP_EMU_SURFACE_H */
