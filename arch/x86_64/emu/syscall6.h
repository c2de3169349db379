/* SPDX-License-Identifier: MIT */
/* syscall6.h - one system call, by an instruction of ours or through the trap's gate: x86-64 */
#ifndef EXMAP_ARCH_EMU_SYSCALL6_H
#define EXMAP_ARCH_EMU_SYSCALL6_H

/*
 * Address of a system call instruction that has a return instruction behind it, in libc's text.
 * The shim's trap catches all other system call instructions, so while the trap is on, the
 * emulator's system calls go through this one. NULL without the trap. Set once, before the
 * process has a second thread.
 */
extern void *emu_gate __attribute__((visibility("hidden")));

/** emu_sys_gate() - a system call through emu_gate. */
long emu_sys_gate(long nr, long a, long b, long c, long d, long e, long f)
	__attribute__((visibility("hidden")));

/* emu_sys_here() - a system call by an instruction at this place. */
static inline long emu_sys_here(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

/** emu_sys6() - see emu/sys.h. */
static inline long emu_sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	if (__builtin_expect(!!emu_gate, 0))
		return emu_sys_gate(nr, a, b, c, d, e, f);
	return emu_sys_here(nr, a, b, c, d, e, f);
}

#endif /* EXMAP_ARCH_EMU_SYSCALL6_H */
