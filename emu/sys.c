// SPDX-License-Identifier: MIT
/* sys.c - system calls by way of somebody else's instruction; see sys.h */

#include "emu/sys.h"

void *emu_gate;

/* From the order of C's arguments to the kernel's; the gate returns to our caller. */
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
