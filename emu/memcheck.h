/* SPDX-License-Identifier: MIT */
/*
 * memcheck.h - telling valgrind's tools and sanitizers what a client may do with the pages of a surface
 *
 *	page                     mark        memcheck reports
 *	without a frame          noaccess    each access
 *	allocated                undefined   uses of content that was not stored before
 *	read from the backing    defined     nothing
 *	of a shadow              as source   what it reports of the source
 *
 * To helgrind and DRD, FREE of a page comes before its next ALLOC. What sanitizers are told stands in
 * sanitizers.h.
 *
 * Without such a tool a mark costs a load and a branch. All functions: any thread.
 */
#ifndef EXMAP_EMU_MEMCHECK_H
#define EXMAP_EMU_MEMCHECK_H

#include <stdbool.h>
#include <stddef.h>

/** emu_on_valgrind() - whether valgrind runs this process. */
bool emu_on_valgrind(void);

/* Whether there is such a tool and memcheck=1 is set; atomic. */
extern bool emu_marking __attribute__((visibility("hidden")));

/** emu_start_marking() - find out whether marks are wanted; called before a surface has pages. */
void emu_start_marking(void);

void emu_make_unused(const void *addr, size_t len);
void emu_make_noaccess(const void *addr, size_t len);
void emu_make_undefined(const void *addr, size_t len);
void emu_make_defined(const void *addr, size_t len);
void emu_make_gone(const void *addr, size_t len);

void emu_make_copy(void *dst, const void *src, size_t len);

static inline bool emu_marks(void)
{
	return __builtin_expect(__atomic_load_n(&emu_marking, __ATOMIC_RELAXED), 0);
}

/** emu_mark_unused() - of pages that were never allocated: all of a new surface. */
static inline void emu_mark_unused(const void *addr, size_t len)
{
	if (emu_marks())
		emu_make_unused(addr, len);
}

/** emu_mark_gone() - of pages whose surface is about to be unmapped. */
static inline void emu_mark_gone(const void *addr, size_t len)
{
	if (emu_marks())
		emu_make_gone(addr, len);
}

static inline void emu_mark_noaccess(const void *addr, size_t len)
{
	if (emu_marks())
		emu_make_noaccess(addr, len);
}

static inline void emu_mark_undefined(const void *addr, size_t len)
{
	if (emu_marks())
		emu_make_undefined(addr, len);
}

static inline void emu_mark_defined(const void *addr, size_t len)
{
	if (emu_marks())
		emu_make_defined(addr, len);
}

/** emu_copy_marks() - give pages that the kernel has copied the marks of their sources. */
static inline void emu_copy_marks(void *dst, const void *src, size_t len)
{
	if (emu_marks())
		emu_make_copy(dst, src, len);
}

#endif /* EXMAP_EMU_MEMCHECK_H */
