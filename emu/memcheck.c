// SPDX-License-Identifier: MIT
/* memcheck.c - see memcheck.h */

#include "emu/memcheck.h"

#include <valgrind/helgrind.h>
#include <valgrind/memcheck.h>

#include "core/platform.h"
#include "emu/options.h"
#include "emu/sanitizers.h"

bool emu_on_valgrind(void)
{
	return RUNNING_ON_VALGRIND;
}

bool emu_marking;

void emu_start_marking(void)
{
	bool tool = RUNNING_ON_VALGRIND || emu_sanitizers_find();

	__atomic_store_n(&emu_marking, tool && emu_options()->memcheck, __ATOMIC_RELAXED);
}

/*
 * For helgrind, and by the same requests DRD: what was done to a page before it was freed comes before
 * what is done after it was allocated anew. To memcheck these requests mean nothing.
 */
static void tell_freed(const void *addr, size_t len)
{
	for (size_t i = 0; RUNNING_ON_VALGRIND && i < len; i += EXMAP_PAGE_SIZE)
		ANNOTATE_HAPPENS_BEFORE((const char *)addr + i);
}

/* Helgrind does not watch memory that was inaccessible when it was mapped, unless it is told. */
static void tell_allocated(const void *addr, size_t len)
{
	VALGRIND_HG_CLEAN_MEMORY(addr, len);
	for (size_t i = 0; RUNNING_ON_VALGRIND && i < len; i += EXMAP_PAGE_SIZE)
		ANNOTATE_HAPPENS_AFTER((const char *)addr + i);
}

void emu_make_unused(const void *addr, size_t len)
{
	VALGRIND_MAKE_MEM_NOACCESS(addr, len);
}

void emu_make_noaccess(const void *addr, size_t len)
{
	tell_freed(addr, len);
	VALGRIND_MAKE_MEM_NOACCESS(addr, len);
	emu_sanitizers_freed(addr, len);
}

void emu_make_undefined(const void *addr, size_t len)
{
	tell_allocated(addr, len);
	VALGRIND_MAKE_MEM_UNDEFINED(addr, len);
	emu_sanitizers_fresh(addr, len);
}

void emu_make_defined(const void *addr, size_t len)
{
	tell_allocated(addr, len);
	VALGRIND_MAKE_MEM_DEFINED(addr, len);
	emu_sanitizers_filled(addr, len);
}

void emu_make_gone(const void *addr, size_t len)
{
	emu_sanitizers_gone(addr, len);
}

void emu_make_copy(void *dst, const void *src, size_t len)
{
	unsigned char marks[256];

	emu_make_defined(dst, len);
	for (size_t i = 0; i < len; i += sizeof(marks)) {
		if (VALGRIND_GET_VBITS((const char *)src + i, marks, sizeof(marks)) == 1)
			VALGRIND_SET_VBITS((char *)dst + i, marks, sizeof(marks));
	}
}
