// SPDX-License-Identifier: MIT
/* backtrace.c - see execinfo.h; and what the unwinder of a compiler for glibc asks glibc */

#define _GNU_SOURCE
#include "libc/musl/execinfo.h"

#include <link.h>
#include <stdint.h>
#include <string.h>
#include <unwind.h>

struct trace {
	void **pc;
	int size;
	int n;
};

static _Unwind_Reason_Code add(struct _Unwind_Context *context, void *arg)
{
	struct trace *to = arg;

	if (to->n == to->size)
		return _URC_END_OF_STACK;
	to->pc[to->n++] = (void *)_Unwind_GetIP(context);
	return _URC_NO_REASON;
}

int backtrace(void **pc, int size)
{
	struct trace to = { pc, size, 0 };

	_Unwind_Backtrace(add, &to);
	return to.n;
}

/*
 * For glibc's _dl_find_object(). musl-gcc is a compiler for glibc with musl's headers; one of a system
 * with musl does not ask for that function. The structure is of dlfcn.h, glibc 2.35.
 */
struct dl_find_object {
	unsigned long long flags;
	void *map_start;
	void *map_end;
	void *link_map;
	void *eh_frame;
	unsigned long long reserved[7];
};

struct search {
	uintptr_t pc;
	struct dl_find_object *found;
};

int _dl_find_object(void *pc, struct dl_find_object *found) __attribute__((visibility("hidden")));

static int look_at(struct dl_phdr_info *info, size_t size, void *arg)
{
	const struct search *search = arg;
	const ElfW(Phdr) *text = NULL;
	const ElfW(Phdr) *eh_frame = NULL;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type == PT_GNU_EH_FRAME)
			eh_frame = segment;
		else if (segment->p_type == PT_LOAD &&
			 search->pc - info->dlpi_addr - segment->p_vaddr < segment->p_memsz)
			text = segment;
	}
	if (!text || !eh_frame)
		return 0;
	search->found->map_start = (void *)(info->dlpi_addr + text->p_vaddr);
	search->found->map_end = (char *)search->found->map_start + text->p_memsz;
	search->found->eh_frame = (void *)(info->dlpi_addr + eh_frame->p_vaddr);
	return 1;
}

int _dl_find_object(void *pc, struct dl_find_object *found)
{
	struct search search = { (uintptr_t)pc, found };

	memset(found, 0, sizeof(*found));
	return dl_iterate_phdr(look_at, &search) ? 0 : -1;
}
