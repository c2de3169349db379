/* SPDX-License-Identifier: MIT */
/* registers.h - what a signal handler finds in the registers of a thread that faulted: x86-64 */
#ifndef EXMAP_ARCH_EMU_REGISTERS_H
#define EXMAP_ARCH_EMU_REGISTERS_H

#include <stdint.h>
#include <ucontext.h>

/* Bits of the page-fault error code, arch/x86/include/asm/trap_pf.h: a store; an instruction. */
#define EMU_ACCESS_WRITE (1 << 1)
#define EMU_ACCESS_INSTR (1 << 4)

/** emu_access() - what the instruction wanted: EMU_ACCESS_ bits, and others of no concern. */
static inline uint64_t emu_access(const ucontext_t *uc)
{
	return uc->uc_mcontext.gregs[REG_ERR];
}

/** emu_pc() - the address of the instruction. */
static inline uintptr_t emu_pc(const ucontext_t *uc)
{
	return uc->uc_mcontext.gregs[REG_RIP];
}

/** emu_set_pc() - where the thread goes on when the handler returns. */
static inline void emu_set_pc(ucontext_t *uc, uintptr_t pc)
{
	uc->uc_mcontext.gregs[REG_RIP] = pc;
}

#endif /* EXMAP_ARCH_EMU_REGISTERS_H */
