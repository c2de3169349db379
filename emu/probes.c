// SPDX-License-Identifier: MIT
/* probes.c - see probes.h */

#include "emu/probes.h"

#ifdef EXMAP_SDT

/* The semaphores of the four probes: parts of emu_probes. sys/sdt.h wants them by these names. */
extern unsigned short exmap_exmap_alloc_semaphore, exmap_exmap_free_semaphore,
	exmap_exmap_steal_semaphore, exmap_exmap_read_semaphore;

#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

/* A tool expects semaphores in this section. */
u64 emu_probes __attribute__((section(".probes")));

#define SEMAPHORE(name, offset)             \
	__asm__(".globl " name "\n"         \
		".hidden " name "\n"        \
		".type " name ", @object\n" \
		".size " name ", 2\n"       \
		".set " name ", emu_probes + " #offset "\n")

SEMAPHORE("exmap_exmap_alloc_semaphore", 0);
SEMAPHORE("exmap_exmap_free_semaphore", 2);
SEMAPHORE("exmap_exmap_steal_semaphore", 4);
SEMAPHORE("exmap_exmap_read_semaphore", 6);

void emu_probe_alloc(u64 exmap, u32 interface, u32 vectors, u64 pages, int failed)
{
	STAP_PROBE5(exmap, exmap_alloc, exmap, interface, vectors, pages, failed);
}

void emu_probe_free(u64 exmap, u32 interface, u32 vectors, u64 pages, int failed)
{
	STAP_PROBE5(exmap, exmap_free, exmap, interface, vectors, pages, failed);
}

void emu_probe_steal(u64 exmap, u32 interface, u64 steals)
{
	STAP_PROBE3(exmap, exmap_steal, exmap, interface, steals);
}

void emu_probe_read(u64 exmap, u32 interface, u32 opcode, u32 iovecs, s64 ret)
{
	STAP_PROBE5(exmap, exmap_read, exmap, interface, opcode, iovecs, ret);
}

#endif
