/* SPDX-License-Identifier: MIT */
/* find_syscalls.h - whether this process has system call instructions outside libc */
#ifndef EXMAP_SHIM_FIND_SYSCALLS_H
#define EXMAP_SHIM_FIND_SYSCALLS_H

/**
 * find_syscalls() - look for system call instructions in the program and its libraries
 *
 * Those of libc, the loader and the sanitizers' runtimes do not count. Libraries that
 * are loaded later are not looked at.
 *
 * Context: once, at the start of the process.
 * Return: the path of the first file that has one, or NULL.
 */
const char *find_syscalls(void);

#endif /* EXMAP_SHIM_FIND_SYSCALLS_H */
