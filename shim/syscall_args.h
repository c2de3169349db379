/* SPDX-License-Identifier: MIT */
/* syscall_args.h - the arguments of a system call by number */
#ifndef EXMAP_SHIM_SYSCALL_ARGS_H
#define EXMAP_SHIM_SYSCALL_ARGS_H

/** struct syscall_args - the six arguments of a system call, as the kernel gets them. */
struct syscall_args {
	long a, b, c, d, e, f;
};

#endif /* EXMAP_SHIM_SYSCALL_ARGS_H */
