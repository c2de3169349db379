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

void emu_make_copy(void *dst, const void *src, size_t len)
{
	unsigned char marks[256];

	VALGRIND_MAKE_MEM_DEFINED(dst, len);
	for (size_t i = 0; i < len; i += sizeof(marks)) {
		if (VALGRIND_GET_VBITS((const char *)src + i, marks, sizeof(marks)) == 1)
			VALGRIND_SET_VBITS((char *)dst + i, marks, sizeof(marks));
	}
}
