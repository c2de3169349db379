/* SPDX-License-Identifier: MIT */
/* fault.h - what a SIGSEGV or SIGBUS means when an exmap is mapped */
#ifndef EXMAP_EMU_FAULT_H
#define EXMAP_EMU_FAULT_H

#include <signal.h>

/**
 * enum emu_fault - what to do about a signal
 * @EMU_FAULT_FOREIGN: the signal has nothing to do with an exmap: treat it as if there were none
 * @EMU_FAULT_RETRY:   return from the handler: the thread goes on, or repeats its instruction
 * @EMU_FAULT_SEGV:    the client touched a missing page or a fence: it must get a SIGSEGV
 */
enum emu_fault { EMU_FAULT_FOREIGN, EMU_FAULT_RETRY, EMU_FAULT_SEGV };

/**
 * emu_fault_examine() - find out what a SIGSEGV or SIGBUS means, inside its handler
 * @info:     the handler's second argument. For EMU_FAULT_SEGV it is changed into that of the
 *            SIGSEGV which the kernel module would send [6.1]: si_signo and si_code
 * @ucontext: the handler's third argument. For EMU_FAULT_RETRY the instruction pointer in it
 *            may be changed, see emu_usercopy_fixup()
 *
 * Async-signal-safe if the signal is a fault of the thread's own instruction. Any thread.
 */
enum emu_fault emu_fault_examine(siginfo_t *info, void *ucontext);

#endif /* EXMAP_EMU_FAULT_H */
