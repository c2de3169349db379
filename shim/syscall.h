/* SPDX-License-Identifier: MIT */
/* syscall.h - system calls by number: those for which the shim has a function */
#ifndef EXMAP_SHIM_SYSCALL_H
#define EXMAP_SHIM_SYSCALL_H

#include <stdbool.h>

#include "shim/syscall_args.h"

/**
 * syscall_serve() - call the shim's function for a system call
 * @nr:   SYS_...
 * @args: as for the kernel
 * @ret:  filled in with what the function returned: -1 and errno for an error
 *
 * Context: any thread, as the function.
 * Return: false if the shim has no function for @nr; then nothing was done.
 */
bool syscall_serve(long nr, const struct syscall_args *args, long *ret);

#endif /* EXMAP_SHIM_SYSCALL_H */
