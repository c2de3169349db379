/* SPDX-License-Identifier: MIT */
/*
 * trap_stack.h - a stack for the trap's handler
 *
 * SIGSYS strikes on whatever stack the client has there: a goroutine's of some
 * KiB, or an alternate one that is no larger than the client's own handlers want.
 * The handler must not stay there, nor leave its frame: another signal may begin
 * on the alternate stack anew while a call waits. So it takes its frame along.
 */
#ifndef EXMAP_SHIM_TRAP_STACK_H
#define EXMAP_SHIM_TRAP_STACK_H

#include <ucontext.h>

/** trap_stack_start() - have one for the calling thread. */
void trap_stack_start(void);

/**
 * trap_stack_run() - with all signals blocked: go on in another function, on the thread's stack for it
 * @uc:  of the handler
 * @run: gets a copy of it, and never returns: it ends with trap_sigreturn()
 *
 * Returns only if the thread has no such stack, or all of it is in use; then the
 * handler has to make do with what it is on.
 */
void trap_stack_run(const ucontext_t *uc, void (*run)(ucontext_t *uc));

/**
 * trap_stack_leave() - what trap_stack_run() began is over, but for trap_sigreturn()
 *
 * With all signals blocked: a handler that made calls now would be given the place of the
 * frame.
 */
void trap_stack_leave(void);

#endif /* EXMAP_SHIM_TRAP_STACK_H */
