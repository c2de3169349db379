// SPDX-License-Identifier: MIT
/* memcheck.c - see memcheck.h */

#include "emu/memcheck.h"

#include <valgrind/memcheck.h>

#include "emu/options.h"

bool emu_on_valgrind(void)
{
	return RUNNING_ON_VALGRIND;
}

bool emu_marking;

void emu_start_marking(void)
{
	__atomic_store_n(&emu_marking, RUNNING_ON_VALGRIND && emu_options()->memcheck,
			 __ATOMIC_RELAXED);
}

void emu_make_noaccess(const void *addr, size_t len)
{
	VALGRIND_MAKE_MEM_NOACCESS(addr, len);
}

void emu_make_undefined(const void *addr, size_t len)
{
	VALGRIND_MAKE_MEM_UNDEFINED(addr, len);
}

void emu_make_defined(const void *addr, size_t len)
{
	VALGRIND_MAKE_MEM_DEFINED(addr, len);
}
