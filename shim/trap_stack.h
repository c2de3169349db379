/* SPDX-License-Identifier: MIT */
/*
 * trap_stack.h - stacks for the trap's handler, some for each thread
 *
 * A SIGSYS arrives on the stack that the client is on: perhaps a goroutine's of a
 * few KiB, or an alternate signal stack just large enough for the client's own
 * handlers. The trap's handler needs more. It cannot leave its frame on an alternate
 * stack either: while it waits in a system call, another signal may start on that
 * stack from the top again. So it copies its frame to a stack of its own and
 * continues there.
 */
#ifndef EXMAP_SHIM_TRAP_STACK_H
#define EXMAP_SHIM_TRAP_STACK_H

#include <ucontext.h>

/** trap_stack_start() - make the stacks of the calling thread, unless it has them. */
void trap_stack_start(void);

/**
 * trap_stack_run() - continue in another function, on one of the thread's stacks
 * @uc:  the frame of the handler that calls
 * @run: is given a copy of the frame; it must end with trap_stack_leave() and
 *       trap_sigreturn() of that copy
 *
 * Context: the trap's handler, with the signals of trap_mask() blocked.
 * Returns only if the thread has no stack left. The handler must then make do with the
 * stack that it is on.
 */
void trap_stack_run(const ucontext_t *uc, void (*run)(ucontext_t *uc));

/**
 * trap_stack_leave() - give the stack back that trap_stack_run() took
 *
 * The caller is still on it. So signals stay blocked until trap_sigreturn(): a handler
 * that made a trapped call before that would be given the same stack.
 */
void trap_stack_leave(void);

#endif /* EXMAP_SHIM_TRAP_STACK_H */
