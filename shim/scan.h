/* SPDX-License-Identifier: MIT */
/* scan.h - does this process have system calls outside libc? */
#ifndef EXMAP_SHIM_SCAN_H
#define EXMAP_SHIM_SCAN_H

/**
 * scan_for_calls() - look for system call instructions in the program and its libraries
 *
 * libc itself, the loader and the sanitizers' runtimes do not count. What is
 * loaded later is not seen. At the start of the process.
 *
 * Return: the name of the first file that has some, or NULL.
 */
const char *scan_for_calls(void) __attribute__((visibility("hidden")));

#endif /* EXMAP_SHIM_SCAN_H */
