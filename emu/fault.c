// SPDX-License-Identifier: MIT
/* fault.c - see fault.h */

#define _GNU_SOURCE
#include "emu/fault.h"

#include <errno.h>
#include <sys/mman.h>

#include "emu/device.h"
#include "emu/rcu.h"
#include "emu/registers.h"
#include "emu/registry.h"
#include "emu/surface.h"
#include "emu/sys.h"
#include "emu/trace.h"
#include "emu/usercopy.h"
#include "emu/watch.h"

/* Whether the surface's protection forbids the access, even if the page were allocated. */
static bool forbidden(const struct emu_surface *s, const ucontext_t *uc)
{
	uint64_t access = emu_access(uc);
	int prot = exmap_load(&s->prot);

	if (access & EMU_ACCESS_INSTR)
		return !(prot & PROT_EXEC);
	if (access & EMU_ACCESS_WRITE)
		return !(prot & PROT_WRITE);
	return !(prot & (PROT_READ | PROT_WRITE | PROT_EXEC));
}

static enum emu_fault surface_fault(struct emu_surface *s, siginfo_t *info, const ucontext_t *uc)
{
	/* A missing page is BUS_ADRERR. Another code means broken memory, for example. */
	if (info->si_signo == SIGBUS && info->si_code != BUS_ADRERR)
		return EMU_FAULT_FOREIGN;
	__atomic_add_fetch(&s->dev->faults, 1, __ATOMIC_RELAXED);
	if (emu_watched(EMU_WATCH_TRACE))
		emu_trace_fault(s->dev->serial, (uintptr_t)info->si_addr - s->core.base,
				emu_access(uc));
	info->si_signo = SIGSEGV;
	info->si_code = forbidden(s, uc) ? SEGV_ACCERR : SEGV_MAPERR;
	return EMU_FAULT_SEGV;
}

/* A client must see a fence as unmapped address space: SEGV_MAPERR, not SEGV_ACCERR. */
static enum emu_fault fence_fault(siginfo_t *info)
{
	if (info->si_signo != SIGSEGV)
		return EMU_FAULT_FOREIGN;
	info->si_code = SEGV_MAPERR;
	return EMU_FAULT_SEGV;
}

static enum emu_fault region_fault(const struct emu_region *region, uintptr_t addr, siginfo_t *info,
				   const ucontext_t *uc)
{
	if (addr < region->start || addr >= region->end)
		return fence_fault(info);
	if (region->kind == EMU_REGION_SURFACE)
		return surface_fault(region->surface, info, uc);
	return EMU_FAULT_FOREIGN;
}

enum emu_fault emu_fault_examine(siginfo_t *info, void *ucontext)
{
	uintptr_t addr = (uintptr_t)info->si_addr;
	enum emu_fault what = EMU_FAULT_FOREIGN;
	struct emu_region region;
	unsigned char resident;

	/* A code above 0 is that of a fault; kill() and its like send others. */
	if (info->si_code <= 0)
		return EMU_FAULT_FOREIGN;
	if (emu_usercopy_fixup(ucontext))
		return EMU_FAULT_RETRY;
	emu_rcu_read_lock();
	if (emu_region_find_near(addr, addr + 1, &region))
		what = region_fault(&region, addr, info, ucontext);
	emu_rcu_read_unlock();
	/*
	 * If another thread has unmapped the surface since the fault, nothing is mapped at the
	 * address now (ENOMEM). The instruction, when it is repeated, raises SIGSEGV.
	 */
	if (what == EMU_FAULT_FOREIGN && info->si_signo == SIGBUS && info->si_code == BUS_ADRERR &&
	    emu_sys(SYS_mincore, addr & ~(EXMAP_PAGE_SIZE - 1), EXMAP_PAGE_SIZE, &resident) ==
		    -ENOMEM)
		what = EMU_FAULT_RETRY;
	return what;
}
