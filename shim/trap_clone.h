/* SPDX-License-Identifier: MIT */
/* trap_clone.h - trapped calls that make a thread or a process */
#ifndef EXMAP_SHIM_TRAP_CLONE_H
#define EXMAP_SHIM_TRAP_CLONE_H

#include <stdbool.h>
#include <ucontext.h>

#include "shim/syscall.h"

/**
 * trap_clone() - clone(), clone3(), fork() and vfork(), for the thread at @uc
 *
 * With the thread's own signal mask. Arguments and return as of trap_context_serve(); in a child too, whose
 * @uc has been changed.
 */
bool trap_clone(long nr, const struct syscall_args *args, ucontext_t *uc, long *ret);

#endif /* EXMAP_SHIM_TRAP_CLONE_H */
