// SPDX-License-Identifier: MIT
/* surface.c - the mapping and its page table; see surface.h */

#define _GNU_SOURCE
#include "emu/surface.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "emu/device.h"
#include "emu/mover.h"
#include "emu/options.h"
#include "emu/process.h"
#include "emu/rcu.h"
#include "emu/report.h"
#include "emu/sys.h"
#include "emu/uffd.h"

#define HUGE_SIZE (2UL << 20)

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static size_t round_up(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

static void *map_anonymous(void *addr, size_t len, int prot, int flags)
{
	return (void *)emu_sys(SYS_mmap, addr, len, prot,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
}

/*
 * Where the kernel chooses, choose a multiple of 2 MiB: what PTEXPORT wants
 * [7.3], and page-table pages are not shared with neighbours then.
 */
static void *find_place(void *addr, size_t len, int flags)
{
	uintptr_t raw;
	uintptr_t start;

	flags &= MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_32BIT;
	if (addr || flags || len < HUGE_SIZE || len > SIZE_MAX - HUGE_SIZE)
		return map_anonymous(addr, len, PROT_NONE, flags);
	raw = (uintptr_t)map_anonymous(NULL, len + HUGE_SIZE, PROT_NONE, 0);
	if (emu_is_error((void *)raw))
		return map_anonymous(NULL, len, PROT_NONE, 0);
	start = round_up(raw, HUGE_SIZE);
	if (start > raw)
		emu_sys(SYS_munmap, raw, start - raw);
	emu_sys(SYS_munmap, start + len, raw + HUGE_SIZE - start);
	return (void *)start;
}

void *emu_reserve(void *addr, size_t len, int flags)
{
	/* PROT_NONE at first: under mlockall(MCL_FUTURE) the rest would be populated. */
	void *base = find_place(addr, len, flags);

	if (emu_is_error(base))
		return base;
	emu_sys(SYS_munlock, base, len);
	emu_sys(SYS_madvise, base, len, MADV_DONTFORK);
	emu_sys(SYS_madvise, base, len, MADV_DONTDUMP);
	emu_sys(SYS_madvise, base, len, MADV_NOHUGEPAGE);
	return base;
}

/*
 * Zeroed memory for what is known of pages, of which there is as much as is touched.
 * PROT_NONE at first, as in emu_reserve().
 */
static long map_sparse(void **memory, size_t len, int flags, int fd)
{
	void *start = (void *)emu_sys(SYS_mmap, NULL, len, PROT_NONE, flags | MAP_NORESERVE, fd, 0);

	if (emu_is_error(start))
		return (long)start;
	emu_sys(SYS_munlock, start, len);
	emu_sys(SYS_mprotect, start, len, PROT_READ | PROT_WRITE);
	emu_sys(SYS_madvise, start, len, MADV_DONTFORK);
	emu_sys(SYS_madvise, start, len, MADV_DONTDUMP);
	*memory = start;
	return 0;
}

static int create_table(struct emu_surface *s)
{
	long ret = emu_hide_fd(
		emu_sys(SYS_memfd_create, "exmap page table", MFD_CLOEXEC | MFD_ALLOW_SEALING));

	if (ret < 0)
		return ret;
	s->table_fd = ret;
	s->table_len = round_up(s->core.nr_pages * sizeof(u64), EXMAP_PAGE_SIZE);
	ret = emu_sys(SYS_ftruncate, s->table_fd, s->table_len);
	if (ret < 0)
		return ret;
	ret = map_sparse((void **)&s->core.table, s->table_len, MAP_SHARED, s->table_fd);
	if (ret)
		return ret;
	/* Exports are for reading, whatever mprotect() asks for later. */
	emu_sys(SYS_fcntl, s->table_fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE);

	s->touched_len = round_up(s->core.nr_pages / EXMAP_BLOCK_PAGES / 8 + 8, EXMAP_PAGE_SIZE);
	return map_sparse((void **)&s->core.touched, s->touched_len, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1);
}

static void free_surface(struct emu_surface *s)
{
	if (s->mover)
		s->mover->release(s);
	if (s->core.table)
		emu_sys(SYS_munmap, s->core.table, s->table_len);
	if (s->core.touched)
		emu_sys(SYS_munmap, s->core.touched, s->touched_len);
	emu_close_hidden(s->table_fd);
	free(s);
}

static u64 present_bits(int prot)
{
	u64 bits = EXMAP_WORD_PRESENT | EXMAP_WORD_USER | EXMAP_WORD_ACCESSED;

	/*
	 * Who stores to a page is not seen from here, so a writable page counts as
	 * dirty: a client that writes back too much loses time, not data [7.3].
	 */
	if (prot & PROT_WRITE)
		bits |= EXMAP_WORD_WRITABLE | EXMAP_WORD_DIRTY;
	if (!(prot & PROT_EXEC))
		bits |= EXMAP_WORD_NX;
	return bits;
}

/* Tries the strategies that the options allow, the fastest first. */
static int choose_mover(struct emu_surface *s)
{
	enum emu_strategy strategy = emu_options()->strategy;
	int ret = -ENOSYS;

	if (strategy == EMU_STRATEGY_AUTO || strategy == EMU_STRATEGY_MOVE ||
	    strategy == EMU_STRATEGY_MIXED) {
		ret = emu_mover_move.prepare(s);
		if (!ret)
			s->mover = &emu_mover_move;
		else if (strategy != EMU_STRATEGY_AUTO)
			emu_say("mmap: strategy=%s needs userfaultfd with UFFDIO_MOVE (Linux 6.8), "
				"refused here (error %d); use strategy=auto",
				strategy == EMU_STRATEGY_MIXED ? "mixed" : "move", -ret);
	}
	if (!s->mover && (strategy == EMU_STRATEGY_AUTO || strategy == EMU_STRATEGY_COPY)) {
		ret = emu_mover_copy.prepare(s);
		if (!ret)
			s->mover = &emu_mover_copy;
		else if (strategy == EMU_STRATEGY_COPY)
			emu_say("mmap: strategy=copy needs userfaultfd, refused here (error %d); "
				"use strategy=auto or strategy=mprotect",
				-ret);
		else if (emu_options()->verbose)
			emu_say("no userfaultfd here (error %d): using strategy=mprotect", -ret);
	}
	if (!s->mover && (strategy == EMU_STRATEGY_AUTO || strategy == EMU_STRATEGY_MPROTECT)) {
		ret = emu_mover_mprotect.prepare(s);
		if (!ret)
			s->mover = &emu_mover_mprotect;
	}
	if (s->mover && emu_options()->verbose)
		emu_say("surface of %zu pages at %#llx: strategy=%s, %s", s->len / EXMAP_PAGE_SIZE,
			(unsigned long long)s->core.base, s->mover->name,
			s->zap_fd == EMU_NO_VECTORED_ZAP ? "one madvise a run" :
							   "vectored madvise");
	return ret;
}

/* Puts the protection into the words of pages that are mapped. */
static void update_words(struct emu_surface *s)
{
	struct exmap_run run;
	u64 pos = 0;

	while (exmap_next_present(&s->core, &pos, s->core.nr_pages, &run)) {
		for (u32 i = 0; i < run.len; i++) {
			u64 *word = &s->core.table[run.page + i];

			exmap_store(word, exmap_present_of(&s->core, exmap_load(word)));
		}
	}
}

int emu_surface_protect(struct emu_surface *s, int prot)
{
	int ret;

	if (prot & PROT_WRITE && !s->may_write)
		return -EACCES;
	ret = s->mover->protect(s, prot);
	if (ret)
		return ret;
	exmap_store(&s->prot, prot);
	s->core.present_bits = present_bits(prot);
	update_words(s);
	return 0;
}

int emu_surface_create(struct exmap_device *dev, void *addr, size_t len, int prot, int flags,
		       struct emu_surface **out)
{
	struct emu_surface *s = aligned_alloc(_Alignof(struct emu_surface), sizeof(*s));
	void *base;
	int ret;

	if (!s)
		return -ENOMEM;
	memset(s, 0, sizeof(*s));
	s->core.blocks = s->blocks;
	s->dev = dev;
	s->len = len;
	s->core.nr_pages = len >> EXMAP_PAGE_SHIFT;
	s->generation = emu_generation();
	s->uffd = s->zap_fd = s->table_fd = -1;
	s->may_write = true;
	s->prot = prot;
	s->core.present_bits = present_bits(prot);

	emu_start_marking();
	ret = create_table(s);
	if (ret)
		goto fail;
	base = emu_reserve(addr, len, flags);
	if (emu_is_error(base)) {
		ret = (long)base;
		goto fail;
	}
	s->core.base = (uintptr_t)base;
	ret = choose_mover(s);
	if (!ret)
		ret = s->mover->protect(s, prot);
	if (ret) {
		emu_sys(SYS_munmap, base, len);
		goto fail;
	}
	s->core.ops = &s->mover->ops;
	if (dev->nr_interfaces && s->mover->frames)
		s->mover->frames(s, dev->buffer_size);
	emu_mark_noaccess(base, len);
	*out = s;
	return 0;

fail:
	if (ret != -EEXIST && ret != -EINVAL && ret != -EPERM)
		emu_say("mmap: no surface of %zu bytes: error %d; a smaller one, more address space "
			"(ulimit -v) or vm.overcommit_memory=0 may help",
			len, -ret);
	free_surface(s);
	return ret;
}

void emu_surface_destroy(struct emu_surface *s)
{
	struct exmap_run run;
	u64 pos = 0;

	/* An export outlives its surface, and must not show pages that are gone. */
	while (s->exported && exmap_next_present(&s->core, &pos, s->core.nr_pages, &run))
		memset(&s->core.table[run.page], 0, run.len * sizeof(u64));
	if (!emu_rcu_may_wait())
		return;
	emu_rcu_synchronize();
	free_surface(s);
}

bool emu_surface_alive(const struct emu_surface *s)
{
	return s && s->generation == emu_generation();
}
