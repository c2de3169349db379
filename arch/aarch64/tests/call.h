/* SPDX-License-Identifier: MIT */
/* call.h - system calls past libc, and fork() by number: arm64 */
#ifndef EXMAP_ARCH_TESTS_CALL_H
#define EXMAP_ARCH_TESTS_CALL_H

#include <signal.h>
#include <sys/syscall.h>

/** call_raw() - a system call by an instruction in the program. Return: a negative errno for an error. */
static inline long call_raw(long nr, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory", "cc");
	return x0;
}

/** CALL_FORK - arguments of syscall(2) that make it fork(). */
#define CALL_FORK SYS_clone, SIGCHLD, 0, 0, 0, 0

#endif /* EXMAP_ARCH_TESTS_CALL_H */
