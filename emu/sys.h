/* SPDX-License-Identifier: MIT */
/*
 * sys.h - system calls without libc
 *
 * The emulator does not use libc's functions for system calls. The shim would catch them, as it
 * catches the client's; they may be cancellation points, at which a thread would end with the
 * emulator's locks held; and they change the client's errno.
 */
#ifndef EXMAP_EMU_SYS_H
#define EXMAP_EMU_SYS_H

#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "emu/syscall6.h"

/*
 * emu_sys6(nr, a, b, c, d, e, f), of the architecture, makes system call @nr. emu_sys() does the same
 * for any number of arguments, of any type. Any thread, in signal handlers too.
 *
 * Return: what the kernel returns, a negative errno for an error.
 */
#define EMU_SYS_PICK(_0, _1, _2, _3, _4, _5, _6, name, ...) name
#define emu_sys(...)                                                                          \
	EMU_SYS_PICK(__VA_ARGS__, EMU_SYS6, EMU_SYS5, EMU_SYS4, EMU_SYS3, EMU_SYS2, EMU_SYS1, \
		     EMU_SYS0)                                                                \
	(__VA_ARGS__)
#define EMU_SYS0(n) emu_sys6(n, 0, 0, 0, 0, 0, 0)
#define EMU_SYS1(n, a) emu_sys6(n, (long)(a), 0, 0, 0, 0, 0)
#define EMU_SYS2(n, a, b) emu_sys6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define EMU_SYS3(n, a, b, c) emu_sys6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define EMU_SYS4(n, a, b, c, d) emu_sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define EMU_SYS5(n, a, b, c, d, e) \
	emu_sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define EMU_SYS6(n, a, b, c, d, e, f) \
	emu_sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/** emu_is_error() - whether an address, as the kernel's mmap() returns it, is a negative errno. */
static inline int emu_is_error(const void *addr)
{
	return (uintptr_t)addr >= (uintptr_t)-4095L;
}

/**
 * emu_skip_bytes() - remove the first @bytes from ranges, after a vectored call that did so many
 * @ranges: the ranges; advanced to the first that is left, which may be shortened
 * @n:      number of ranges
 *
 * Return: number of ranges that are left.
 */
static inline size_t emu_skip_bytes(struct iovec **ranges, size_t n, size_t bytes)
{
	while (n && bytes >= (*ranges)->iov_len) {
		bytes -= (*ranges)->iov_len;
		++*ranges;
		n--;
	}
	if (n) {
		(*ranges)->iov_base = (char *)(*ranges)->iov_base + bytes;
		(*ranges)->iov_len -= bytes;
	}
	return n;
}

#endif /* EXMAP_EMU_SYS_H */
