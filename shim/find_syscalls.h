/* SPDX-License-Identifier: MIT */
/* find_syscalls.h - does this process have system calls outside libc? */
#ifndef EXMAP_SHIM_FIND_SYSCALLS_H
#define EXMAP_SHIM_FIND_SYSCALLS_H

/**
 * find_syscalls() - look for system call instructions in the program and its libraries
 *
 * libc itself, the loader and the sanitizers' runtimes do not count. What is
 * loaded later is not seen. At the start of the process.
 *
 * Return: the name of the first file that has some, or NULL.
 */
const char *find_syscalls(void);

#endif /* EXMAP_SHIM_FIND_SYSCALLS_H */
