/* SPDX-License-Identifier: MIT */
/* trap_context.h - trapped calls about the calling thread: its signals, its thread pointer */
#ifndef EXMAP_SHIM_TRAP_CONTEXT_H
#define EXMAP_SHIM_TRAP_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#include "shim/syscall_args.h"

/**
 * trap_context_serve() - a call that is about the interrupted thread, not about its handler
 * @nr:   SYS_...
 * @args: of the call
 * @uc:   the thread's state, changed as the kernel would change the thread
 * @ret:  filled in with the result, a negative errno for an error
 *
 * rt_sigprocmask(), rt_sigaction(), sigaltstack(), rt_sigreturn() and
 * arch_prctl(ARCH_SET_FS).
 *
 * Context: the trap's handler, with the signals of trap_mask() blocked.
 * Return: false if @nr is no such call; then nothing was done. After rt_sigreturn()
 * and arch_prctl() it does not return.
 */
bool trap_context_serve(long nr, const struct syscall_args *args, ucontext_t *uc, long *ret);

/**
 * trap_sigreturn() - return from a signal handler by rt_sigreturn()
 * @sp: the stack pointer at which the kernel finds the handler's frame: the address of
 *      its ucontext
 */
void trap_sigreturn(uintptr_t sp) __attribute__((noreturn));

#endif /* EXMAP_SHIM_TRAP_CONTEXT_H */
