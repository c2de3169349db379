/* SPDX-License-Identifier: MIT */
/*
 * surface.h - a mapped surface in this address space, and how pages get there
 */
#ifndef EXMAP_EMU_SURFACE_H
#define EXMAP_EMU_SURFACE_H

#include "core/surface.h"

struct emu_mover;
struct exmap_device;

/**
 * struct emu_surface - the mapping of one exmap
 * @core:        what core/ knows of it: the page table, the ops; must be first
 * @mover:       how pages appear and vanish
 * @dev:         the exmap
 * @generation:  address space that it lives in, see emu_generation()
 * @len:         bytes of the mapping
 * @table_len:   bytes of @core.table
 * @touched_len: bytes of @core.touched
 * @table_fd:    memfd behind @core.table
 * @prot:        what mmap() and mprotect() said; written while calls are stopped
 * @may_write:   whether the fd was open for writing
 * @exported:    a page-table export is mapped; under emu_vm_lock()
 * @uffd:        COPY: the userfaultfd, else -1
 * @zap_fd:      what emu_zap() wants
 * @source:      COPY: what fresh pages are filled from, EMU_SOURCE_PAGES long
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
	size_t table_len;
	size_t touched_len;
	int table_fd;
	int prot;
	bool may_write;
	bool exported;
	int uffd;
	int zap_fd;
	const char *source;
};

#define EMU_SOURCE_PAGES 512

/**
 * struct emu_mover - one way to make pages appear and vanish
 * @name:    for people and EXMAP_OPTIONS
 * @ops:     what core/ calls
 * @prepare: make a PROT_NONE mapping ready; negative errno if it cannot be had
 * @protect: apply new protection to the whole mapping, while calls are stopped
 * @release: undo @prepare, after the mapping is gone
 */
struct emu_mover {
	const char *name;
	struct exmap_surface_ops ops;
	int (*prepare)(struct emu_surface *s);
	int (*protect)(struct emu_surface *s, int prot);
	void (*release)(struct emu_surface *s);
};

extern const struct emu_mover emu_mover_copy;
extern const struct emu_mover emu_mover_mprotect;

/**
 * emu_surface_create() - map a surface
 * @dev:   the exmap
 * @addr:  wanted address, as for mmap()
 * @len:   bytes, a multiple of the page size
 * @prot:  protection of pages that are mapped
 * @flags: mmap()'s flags; of them only the kind of placement is used
 * @out:   the new surface
 *
 * Return: 0 or a negative errno.
 */
int emu_surface_create(struct exmap_device *dev, void *addr, size_t len, int prot, int flags,
		       struct emu_surface **out);

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

/**
 * emu_next_span() - the next run, merged with those behind it that continue it
 * @i: where to go on; 0 at first
 *
 * Clients pass neighbours as single pages; one call for all is what is fast.
 */
static inline bool emu_next_span(const struct exmap_run *runs, u32 nr_runs, u32 *i,
				 struct exmap_run *span)
{
	if (*i == nr_runs)
		return false;
	*span = runs[(*i)++];
	while (*i < nr_runs && runs[*i].page == span->page + span->len)
		span->len += runs[(*i)++].len;
	return true;
}

/* Shared by the movers. */

/** emu_touch() - the prepare op: note the blocks that pages of will be claimed in. */
bool emu_touch(struct exmap_surface *s, u64 page, u64 len);

/** emu_zap_runs() - drop the pages of runs, or keep them. */
void emu_zap_runs(struct exmap_surface *s, const struct exmap_run *runs, u32 nr_runs);

/** emu_keep_run() - pages that were to vanish cannot: tell core/ in their words. */
void emu_keep_run(struct exmap_surface *s, const struct exmap_run *run);

#endif /* EXMAP_EMU_SURFACE_H */
