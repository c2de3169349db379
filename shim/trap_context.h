/* SPDX-License-Identifier: MIT */
/* trap_context.h - trapped calls about the calling thread itself: its signals */
#ifndef EXMAP_SHIM_TRAP_CONTEXT_H
#define EXMAP_SHIM_TRAP_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

#include "shim/syscall.h"

/**
 * trap_context_serve() - a call that means the interrupted thread, not its handler
 * @nr:   SYS_...
 * @args: of the call
 * @uc:   the thread's state, changed as the call would
 * @ret:  filled in as the kernel answers
 *
 * In the handler, with all signals blocked. Return: whether it was such a call; for
 * rt_sigreturn() it does not return.
 */
bool trap_context_serve(long nr, const struct syscall_args *args, ucontext_t *uc, long *ret);

/**
 * trap_sigreturn() - rt_sigreturn()
 * @sp: where the kernel looks for the frame: at its ucontext, the return address before it
 *      having been popped
 */
void trap_sigreturn(uintptr_t sp) __attribute__((noreturn));

#endif /* EXMAP_SHIM_TRAP_CONTEXT_H */
