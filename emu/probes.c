// SPDX-License-Identifier: MIT
/* probes.c - see probes.h */

#include "emu/probes.h"

#ifdef EXMAP_SDT

/* The semaphores: parts of the words below. sys/sdt.h wants them by these names. */
extern unsigned short exmap_exmap_alloc_semaphore, exmap_exmap_free_semaphore,
	exmap_exmap_steal_semaphore, exmap_exmap_read_semaphore, exmap_exmap_shadow_semaphore,
	exmap_exmap_rm_sd_semaphore;

#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

/* A tool expects semaphores in this section. */
u64 emu_probes __attribute__((section(".probes")));
u32 emu_shadow_probes __attribute__((section(".probes")));

#define SEMAPHORE(name, word, offset)       \
	__asm__(".globl " name "\n"         \
		".hidden " name "\n"        \
		".type " name ", @object\n" \
		".size " name ", 2\n"       \
		".set " name ", " #word " + " #offset "\n")

SEMAPHORE("exmap_exmap_alloc_semaphore", emu_probes, 0);
SEMAPHORE("exmap_exmap_free_semaphore", emu_probes, 2);
SEMAPHORE("exmap_exmap_steal_semaphore", emu_probes, 4);
SEMAPHORE("exmap_exmap_read_semaphore", emu_probes, 6);
SEMAPHORE("exmap_exmap_shadow_semaphore", emu_shadow_probes, 0);
SEMAPHORE("exmap_exmap_rm_sd_semaphore", emu_shadow_probes, 2);

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

void emu_probe_shadow(u64 exmap, u32 interface, u32 vectors, u64 pages, u64 target, int ret)
{
	STAP_PROBE6(exmap, exmap_shadow, exmap, interface, vectors, pages, target, ret);
}

void emu_probe_rm_sd(u64 exmap, u32 interface, u64 pages, int ret)
{
	STAP_PROBE4(exmap, exmap_rm_sd, exmap, interface, pages, ret);
}

#endif
