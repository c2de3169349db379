/* SPDX-License-Identifier: MIT */
/*
 * probes.h - USDT probes with the names and arguments of the module's tracepoints (kmod/trace.h)
 *
 *	exmap:exmap_alloc   exmap, interface, vectors, pages, failed
 *	exmap:exmap_free    exmap, interface, vectors, pages, failed
 *	exmap:exmap_steal   exmap, interface, steals
 *	exmap:exmap_read    exmap, interface, opcode, iovecs, ret
 *	exmap:exmap_shadow  exmap, interface, vectors, pages, target, ret
 *	exmap:exmap_rm_sd   exmap, interface, pages, ret
 *
 * A tool that attaches to a probe (bpftrace, perf, gdb) counts the probe's semaphore up. The
 * semaphores of the first four are in one word, so that a call asks for all of them by one load;
 * SHADOW and RM_SD have another. Built without sys/sdt.h, there are no probes.
 */
#ifndef EXMAP_EMU_PROBES_H
#define EXMAP_EMU_PROBES_H

#include "core/platform.h"

#ifdef EXMAP_SDT

/* The semaphores, 16 bits each. Written by the tools, atomic. */
extern u64 emu_probes __attribute__((visibility("hidden")));
extern u32 emu_shadow_probes __attribute__((visibility("hidden")));

/** emu_probed() - whether a tool has attached to one of the first four probes. Any thread. */
static inline u64 emu_probed(void)
{
	return exmap_load(&emu_probes);
}

/** emu_probed_shadows() - whether a tool has attached to one of the others. Any thread. */
static inline u32 emu_probed_shadows(void)
{
	return exmap_load(&emu_shadow_probes);
}

void emu_probe_alloc(u64 exmap, u32 interface, u32 vectors, u64 pages, int failed);
void emu_probe_free(u64 exmap, u32 interface, u32 vectors, u64 pages, int failed);
void emu_probe_steal(u64 exmap, u32 interface, u64 steals);
void emu_probe_read(u64 exmap, u32 interface, u32 opcode, u32 iovecs, s64 ret);
void emu_probe_shadow(u64 exmap, u32 interface, u32 vectors, u64 pages, u64 target, int ret);
void emu_probe_rm_sd(u64 exmap, u32 interface, u64 pages, int ret);

#else

static inline u64 emu_probed(void)
{
	return 0;
}

static inline u32 emu_probed_shadows(void)
{
	return 0;
}

static inline void emu_probe_alloc(u64 exmap, u32 interface, u32 vectors, u64 pages, int failed)
{
	(void)exmap, (void)interface, (void)vectors, (void)pages, (void)failed;
}

static inline void emu_probe_free(u64 exmap, u32 interface, u32 vectors, u64 pages, int failed)
{
	(void)exmap, (void)interface, (void)vectors, (void)pages, (void)failed;
}

static inline void emu_probe_steal(u64 exmap, u32 interface, u64 steals)
{
	(void)exmap, (void)interface, (void)steals;
}

static inline void emu_probe_read(u64 exmap, u32 interface, u32 opcode, u32 iovecs, s64 ret)
{
	(void)exmap, (void)interface, (void)opcode, (void)iovecs, (void)ret;
}

static inline void emu_probe_shadow(u64 exmap, u32 interface, u32 vectors, u64 pages, u64 target,
				    int ret)
{
	(void)exmap, (void)interface, (void)vectors, (void)pages, (void)target, (void)ret;
}

static inline void emu_probe_rm_sd(u64 exmap, u32 interface, u64 pages, int ret)
{
	(void)exmap, (void)interface, (void)pages, (void)ret;
}

#endif

#endif /* EXMAP_EMU_PROBES_H */
