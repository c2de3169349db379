/* SPDX-License-Identifier: MIT */
/* diagnose.h - what a client did wrong, in a report or a line on stderr */
#ifndef EXMAP_EMU_DIAGNOSE_H
#define EXMAP_EMU_DIAGNOSE_H

#include <signal.h>

/**
 * enum emu_outcome - what happens after a bad access was reported
 * @EMU_DIES:         the program has no SIGSEGV handler
 * @EMU_DIES_BLOCKED: the program has one, but its signal is blocked
 * @EMU_SANITIZER:    the handler is a sanitizer's, which prints a report of its own
 * @EMU_HANDLED:      the program's handler is called
 */
enum emu_outcome { EMU_DIES, EMU_DIES_BLOCKED, EMU_SANITIZER, EMU_HANDLED };

/**
 * emu_diagnose() - say on stderr which page or fence was touched, and what is known of the page
 * @info:     as emu_fault_examine() left it, after EMU_FAULT_SEGV
 * @ucontext: the handler's third argument
 *
 * One line; a report if there is a history (history.h). EMU_HANDLED: only under option report=all,
 * and only for the first accesses. Does nothing if the address is not an exmap's.
 *
 * Async-signal-safe if the signal is a fault of the thread's own instruction. Any thread.
 */
void emu_diagnose(const siginfo_t *info, const void *ucontext, enum emu_outcome outcome);

#endif /* EXMAP_EMU_DIAGNOSE_H */
