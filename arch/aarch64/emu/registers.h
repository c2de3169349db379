/* SPDX-License-Identifier: MIT */
/* registers.h - what a signal handler finds in the registers of a thread that faulted: arm64 */
#ifndef EXMAP_ARCH_EMU_REGISTERS_H
#define EXMAP_ARCH_EMU_REGISTERS_H

#include <signal.h>
#include <stdint.h>
#include <ucontext.h>

/*
 * Bits that say what kind of access faulted: a store, or the fetch of an instruction. They are those of
 * x86's error code, so that a trace means the same on both architectures.
 */
#define EMU_ACCESS_WRITE (1 << 1)
#define EMU_ACCESS_INSTR (1 << 4)

/** emu_access() - what the instruction wanted: EMU_ACCESS_ bits. */
uint64_t emu_access(const ucontext_t *uc) __attribute__((visibility("hidden")));

/** emu_pc() - the address of the instruction. */
static inline uintptr_t emu_pc(const ucontext_t *uc)
{
	return uc->uc_mcontext.pc;
}

/** emu_set_pc() - where the thread goes on when the handler returns. */
static inline void emu_set_pc(ucontext_t *uc, uintptr_t pc)
{
	uc->uc_mcontext.pc = pc;
}

#endif /* EXMAP_ARCH_EMU_REGISTERS_H */
