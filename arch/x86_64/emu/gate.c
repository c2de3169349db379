// SPDX-License-Identifier: MIT
/* gate.c - system calls by a system call instruction of libc's; see syscall6.h */

#include "emu/sys.h"

void *emu_gate;

/*
 * Moves the arguments from the registers of a C call to those of a system call, and jumps to the
 * gate. The return instruction behind the gate returns to the caller of this function.
 */
__asm__(".pushsection .text\n"
	".globl emu_sys_gate\n"
	".hidden emu_sys_gate\n"
	".type emu_sys_gate, @function\n"
	"emu_sys_gate:\n"
	"	.cfi_startproc\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n"
	"	mov %r8, %r10\n"
	"	mov %r9, %r8\n"
	"	mov 8(%rsp), %r9\n"
	"	jmp *emu_gate(%rip)\n"
	"	.cfi_endproc\n"
	".size emu_sys_gate, . - emu_sys_gate\n"
	".popsection\n");
