/* SPDX-License-Identifier: MIT */
/* usercopy.h - copy to or from an address that the client gave us */
#ifndef EXMAP_EMU_USERCOPY_H
#define EXMAP_EMU_USERCOPY_H

#include <stdbool.h>
#include <stddef.h>

/**
 * emu_usercopy() - copy, where either side may be a bad address
 * @dst: to
 * @src: from
 * @n:   bytes, a multiple of 8
 *
 * Works like the kernel's copy_from_user(): a fault inside is repaired by
 * emu_usercopy_fixup(), which the process's SIGSEGV and SIGBUS handlers call.
 *
 * Return: 0, or -EFAULT, after an unknown part has been copied.
 */
int emu_usercopy(void *dst, const void *src, size_t n);

/**
 * emu_usercopy_fixup() - make an emu_usercopy() that faulted return -EFAULT
 * @ucontext: third argument of the signal handler
 *
 * Return: false if the fault was not there; then nothing has changed.
 */
bool emu_usercopy_fixup(void *ucontext);

#endif /* EXMAP_EMU_USERCOPY_H */
