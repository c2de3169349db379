// SPDX-License-Identifier: MIT
/* usercopy.c - the emulator's copy_from_user(), for x86-64; see usercopy.h */

#define _GNU_SOURCE
#include "emu/usercopy.h"

#include "emu/registers.h"

/*
 * In assembler, so that the instructions which may fault are between two known addresses, and
 * no sanitizer checks the client's memory.
 */
__asm__(".text\n"
	".p2align 4\n"
	".globl emu_usercopy\n"
	".hidden emu_usercopy\n"
	".type emu_usercopy, @function\n"
	"emu_usercopy:\n"
	"	.cfi_startproc\n"
	"	xorl	%eax, %eax\n"
	"	testq	%rdx, %rdx\n"
	"	je	2f\n"
	"1:	movq	(%rsi,%rax), %rcx\n"
	"	movq	%rcx, (%rdi,%rax)\n"
	"	addq	$8, %rax\n"
	"	cmpq	%rdx, %rax\n"
	"	jb	1b\n"
	"	xorl	%eax, %eax\n"
	"2:	ret\n"
	".hidden emu_usercopy_failed\n"
	"emu_usercopy_failed:\n"
	"	movl	$-14, %eax\n" /* -EFAULT */
	"	ret\n"
	"	.cfi_endproc\n"
	".size emu_usercopy, . - emu_usercopy\n"
	/* After a fault rcx is the number of bytes that are left. */
	".p2align 4\n"
	".globl emu_copy_pages\n"
	".hidden emu_copy_pages\n"
	".type emu_copy_pages, @function\n"
	"emu_copy_pages:\n"
	"	.cfi_startproc\n"
	"	movq	%rdx, %rcx\n"
	"	rep movsb\n"
	".hidden emu_copy_pages_end\n"
	"emu_copy_pages_end:\n"
	"	movq	%rcx, %rax\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size emu_copy_pages, . - emu_copy_pages\n");

extern const char emu_usercopy_failed[];
extern const char emu_copy_pages_end[];

bool emu_usercopy_fixup(void *ucontext)
{
	uintptr_t pc = emu_pc(ucontext);

	if (pc >= (uintptr_t)emu_usercopy && pc < (uintptr_t)emu_usercopy_failed)
		emu_set_pc(ucontext, (uintptr_t)emu_usercopy_failed);
	else if (pc >= (uintptr_t)emu_copy_pages && pc < (uintptr_t)emu_copy_pages_end)
		emu_set_pc(ucontext, (uintptr_t)emu_copy_pages_end);
	else
		return false;
	return true;
}
