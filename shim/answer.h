/* SPDX-License-Identifier: MIT */
/* answer.h - from the emulator's answers to libc's */
#ifndef EXMAP_SHIM_ANSWER_H
#define EXMAP_SHIM_ANSWER_H

#include <errno.h>
#include <stdint.h>

#include "emu/sys.h"

/** answer() - a negative errno becomes -1 and errno. */
static inline long answer(long ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

/** answer_address() - the same for an address. */
static inline void *answer_address(void *addr)
{
	if (!emu_is_error(addr))
		return addr;
	errno = -(intptr_t)addr;
	return (void *)-1;
}

#endif /* EXMAP_SHIM_ANSWER_H */
