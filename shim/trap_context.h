/* SPDX-License-Identifier: MIT */
/* trap_context.h - trapped calls about the calling thread itself: its signals, its children */
#ifndef EXMAP_SHIM_TRAP_CONTEXT_H
#define EXMAP_SHIM_TRAP_CONTEXT_H

#include <stdbool.h>
#include <ucontext.h>

#include "shim/syscall.h"

/**
 * trap_context_serve() - a call that means the interrupted thread, not its handler
 * @nr:   SYS_...
 * @args: of the call
 * @uc:   the thread's state, changed as the call would
 * @ret:  filled in as the kernel answers
 *
 * Return: whether it was such a call; for rt_sigreturn() it does not return.
 */
bool trap_context_serve(long nr, const struct syscall_args *args, ucontext_t *uc, long *ret)
	__attribute__((visibility("hidden")));

/**
 * trap_clone() - clone(), clone3(), fork() and vfork(), for the thread at @uc
 *
 * Return: as the kernel's; in the child too, whose @uc has been changed.
 */
long trap_clone(long nr, const struct syscall_args *args, ucontext_t *uc)
	__attribute__((visibility("hidden")));

#endif /* EXMAP_SHIM_TRAP_CONTEXT_H */
