/* SPDX-License-Identifier: MIT */
/* syscall.h - the calls that we stand in for, by number */
#ifndef EXMAP_SHIM_SYSCALL_H
#define EXMAP_SHIM_SYSCALL_H

#include <stdbool.h>

struct syscall_args {
	long a, b, c, d, e, f;
};

/**
 * syscall_serve() - do what the libc function of that number does
 * @nr:   SYS_...
 * @args: as for the kernel
 * @ret:  filled in as libc's functions answer: -1 and errno for an error
 *
 * Return: whether we stand in for it; if not, nothing was done.
 */
bool syscall_serve(long nr, const struct syscall_args *args, long *ret);

#endif /* EXMAP_SHIM_SYSCALL_H */
