/* SPDX-License-Identifier: MIT */
/* call.h - system calls past libc, and fork() by number: x86-64 */
#ifndef EXMAP_ARCH_TESTS_CALL_H
#define EXMAP_ARCH_TESTS_CALL_H

#include <sys/syscall.h>

/** call_raw() - a system call by an instruction in the program. Return: a negative errno for an error. */
static inline long call_raw(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return ret;
}

/** CALL_FORK - arguments of syscall(2) that make it fork(). */
#define CALL_FORK SYS_fork

#endif /* EXMAP_ARCH_TESTS_CALL_H */
