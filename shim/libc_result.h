/* SPDX-License-Identifier: MIT */
/*
 * libc_result.h - from the kernel's convention for results to libc's
 *
 * The emulator and raw system calls return a negative errno for an error. The
 * client called a function of libc, which returns -1 and sets errno.
 */
#ifndef EXMAP_SHIM_LIBC_RESULT_H
#define EXMAP_SHIM_LIBC_RESULT_H

#include <errno.h>
#include <stdint.h>

#include "emu/sys.h"

/**
 * libc_result() - a result as a libc function returns it
 * @ret: a result, or a negative errno
 *
 * Return: @ret, or -1 with errno set.
 */
static inline long libc_result(long ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

/**
 * libc_result_address() - an address as mmap() returns it
 * @addr: an address, or a negative errno as a pointer
 *
 * Return: @addr, or MAP_FAILED with errno set.
 */
static inline void *libc_result_address(void *addr)
{
	if (!emu_is_error(addr))
		return addr;
	errno = -(intptr_t)addr;
	return (void *)-1;
}

#endif /* EXMAP_SHIM_LIBC_RESULT_H */
