/* SPDX-License-Identifier: MIT */
/* trap_clone.h - trapped calls that make a thread or a process */
#ifndef EXMAP_SHIM_TRAP_CLONE_H
#define EXMAP_SHIM_TRAP_CLONE_H

#include <stdbool.h>
#include <ucontext.h>

#include "shim/syscall_args.h"

/**
 * trap_clone() - clone(), clone3(), fork() and vfork() for the interrupted thread
 * @nr:   SYS_...
 * @args: of the call
 * @uc:   the thread's state; in a child process changed to what the child continues with
 * @ret:  filled in with the result, a negative errno for an error
 *
 * A new process returns from here too, with 0. A new thread does not: it starts where
 * the client's instruction ends.
 *
 * Context: the trap's handler, with the signal mask of the interrupted thread.
 * Return: false if @nr is none of the four; then nothing was done.
 */
bool trap_clone(long nr, const struct syscall_args *args, ucontext_t *uc, long *ret);

#endif /* EXMAP_SHIM_TRAP_CLONE_H */
