/* SPDX-License-Identifier: MIT */
/* usercopy.h - copy from or to an address of the client's, which may be bad */
#ifndef EXMAP_EMU_USERCOPY_H
#define EXMAP_EMU_USERCOPY_H

#include <stdbool.h>
#include <stddef.h>

/**
 * emu_usercopy() - copy memory; either address may be bad
 * @dst: where to
 * @src: where from
 * @n:   bytes, a multiple of 8
 *
 * Like the kernel's copy_from_user() and copy_to_user(). The process's SIGSEGV and SIGBUS handlers
 * must call emu_usercopy_fixup(): without that, a bad address ends the process. Any thread.
 *
 * Return: 0; or -EFAULT, and some part may have been copied.
 */
int emu_usercopy(void *dst, const void *src, size_t n);

/**
 * emu_copy_pages() - copy many bytes; either address may become bad meanwhile
 * @dst: where to
 * @src: where from
 * @n:   bytes
 *
 * About as fast as memcpy(): by one instruction on x86-64. Otherwise like emu_usercopy().
 *
 * Return: number of bytes that were not copied: 0, or those from the first bad page on.
 */
size_t emu_copy_pages(void *dst, const void *src, size_t n);

/**
 * emu_usercopy_fixup() - make an emu_usercopy() or emu_copy_pages() that faulted return
 * @ucontext: third argument of the signal handler; its instruction pointer is changed
 *
 * Async-signal-safe. Return: false, with nothing changed, if the fault was anywhere else.
 */
bool emu_usercopy_fixup(void *ucontext);

#endif /* EXMAP_EMU_USERCOPY_H */
