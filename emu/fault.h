/* SPDX-License-Identifier: MIT */
/* fault.h - what a SIGSEGV or SIGBUS means when an exmap is mapped */
#ifndef EXMAP_EMU_FAULT_H
#define EXMAP_EMU_FAULT_H

#include <signal.h>

/**
 * enum emu_fault - what to do about a signal
 * @EMU_FAULT_FOREIGN: not ours: it is what it says
 * @EMU_FAULT_RETRY:   return from the handler; the instruction will do better
 * @EMU_FAULT_SEGV:    an access to the surface that the client gets a SIGSEGV for
 */
enum emu_fault { EMU_FAULT_FOREIGN, EMU_FAULT_RETRY, EMU_FAULT_SEGV };

/**
 * emu_fault_examine() - look at a signal, in its handler
 * @info:     the handler's; for EMU_FAULT_SEGV made into the SIGSEGV that the
 *            module would have given [6.1]
 * @ucontext: the handler's; for EMU_FAULT_RETRY possibly changed
 *
 * Async-signal-safe for faults of the thread's own instructions.
 */
enum emu_fault emu_fault_examine(siginfo_t *info, void *ucontext);

/** emu_fault_diagnose() - tell a person, before the process dies of it. */
void emu_fault_diagnose(const siginfo_t *info);

#endif /* EXMAP_EMU_FAULT_H */
