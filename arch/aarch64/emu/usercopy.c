// SPDX-License-Identifier: MIT
/* usercopy.c - the emulator's copy_from_user(), for arm64; see usercopy.h */

#define _GNU_SOURCE
#include "emu/usercopy.h"

#include "emu/registers.h"

/*
 * In assembler, so that the instructions which may fault are between known addresses, and no
 * sanitizer checks the client's memory.
 */
__asm__(".text\n"
	".p2align 4\n"
	".globl emu_usercopy\n"
	".hidden emu_usercopy\n"
	".type emu_usercopy, @function\n"
	"emu_usercopy:\n"
	"	.cfi_startproc\n"
	"	mov	x3, #0\n"
	"	cbz	x2, 2f\n"
	"1:	ldr	x4, [x1, x3]\n"
	"	str	x4, [x0, x3]\n"
	"	add	x3, x3, #8\n"
	"	cmp	x3, x2\n"
	"	b.lo	1b\n"
	"2:	mov	w0, #0\n"
	"	ret\n"
	".globl emu_usercopy_failed\n"
	".hidden emu_usercopy_failed\n"
	"emu_usercopy_failed:\n"
	"	mov	w0, #-14\n" /* -EFAULT */
	"	ret\n"
	"	.cfi_endproc\n"
	".size emu_usercopy, . - emu_usercopy\n"
	/*
	 * 64 bytes at a time, then byte by byte. After a fault among the 64 the bytes of the good
	 * page are copied one by one, up to a second fault. x2 is the number of bytes that are left.
	 */
	".p2align 4\n"
	".globl emu_copy_pages\n"
	".hidden emu_copy_pages\n"
	".type emu_copy_pages, @function\n"
	"emu_copy_pages:\n"
	"	.cfi_startproc\n"
	"	cmp	x2, #64\n"
	"	b.lo	emu_copy_bytes\n"
	"1:	ldp	q0, q1, [x1]\n"
	"	ldp	q2, q3, [x1, #32]\n"
	"	stp	q0, q1, [x0]\n"
	"	stp	q2, q3, [x0, #32]\n"
	"	add	x1, x1, #64\n"
	"	add	x0, x0, #64\n"
	"	sub	x2, x2, #64\n"
	"	cmp	x2, #64\n"
	"	b.hs	1b\n"
	".globl emu_copy_bytes\n"
	".hidden emu_copy_bytes\n"
	"emu_copy_bytes:\n"
	"	cbz	x2, emu_copy_pages_end\n"
	"2:	ldrb	w3, [x1], #1\n"
	"	strb	w3, [x0], #1\n"
	"	subs	x2, x2, #1\n"
	"	b.ne	2b\n"
	".globl emu_copy_pages_end\n"
	".hidden emu_copy_pages_end\n"
	"emu_copy_pages_end:\n"
	"	mov	x0, x2\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size emu_copy_pages, . - emu_copy_pages\n");

/* Not local labels: for the addresses of these the linker may fill in one and the same. */
extern const char emu_usercopy_failed[] __attribute__((visibility("hidden")));
extern const char emu_copy_bytes[] __attribute__((visibility("hidden")));
extern const char emu_copy_pages_end[] __attribute__((visibility("hidden")));

bool emu_usercopy_fixup(void *ucontext)
{
	uintptr_t pc = emu_pc(ucontext);

	if (pc >= (uintptr_t)emu_usercopy && pc < (uintptr_t)emu_usercopy_failed)
		emu_set_pc(ucontext, (uintptr_t)emu_usercopy_failed);
	else if (pc >= (uintptr_t)emu_copy_pages && pc < (uintptr_t)emu_copy_bytes)
		emu_set_pc(ucontext, (uintptr_t)emu_copy_bytes);
	else if (pc >= (uintptr_t)emu_copy_bytes && pc < (uintptr_t)emu_copy_pages_end)
		emu_set_pc(ucontext, (uintptr_t)emu_copy_pages_end);
	else
		return false;
	return true;
}
