/* SPDX-License-Identifier: MIT */
/* diagnose.h - what a client did wrong, in a report or a line on stderr */
#ifndef EXMAP_EMU_DIAGNOSE_H
#define EXMAP_EMU_DIAGNOSE_H

#include <signal.h>
#include <stddef.h>

#include "core/platform.h"

struct emu_surface;

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

/**
 * emu_diagnose_efault() - say which page made a system call fail with EFAULT [6.2]
 * @call: name of the call
 * @addr: the memory that the call was to read or write, @len bytes
 *
 * Under option notes=1, if the memory is a surface's. Any thread, outside signal handlers.
 */
void emu_diagnose_efault(const char *call, const void *addr, size_t len);

/** emu_diagnose_poisoned() - say what is known of a page that a sanitizer has reported. */
void emu_diagnose_poisoned(const void *addr);

/**
 * emu_diagnose_oldest() - say which page has been allocated longest, and by whom
 *
 * For an exmap that has run out of frames. Says nothing without a history. Any thread.
 */
void emu_diagnose_oldest(const struct emu_surface *s);

/**
 * emu_diagnose_twice() - say who has freed or allocated a page before a call that does it again
 * @page:  first page of a range of @len pages, some of which were as the call wants them to be
 * @freed: the call is a FREE
 *
 * Says nothing without a history. Any thread.
 */
void emu_diagnose_twice(const struct emu_surface *s, u64 page, u64 len, bool freed);

#endif /* EXMAP_EMU_DIAGNOSE_H */
