// SPDX-License-Identifier: MIT
/*
 * zerocopy.c - calls by which the kernel holds pages of a surface by mere reference
 *
 * See emu_slots_forbid().
 */

#include "shim/real.h"

#include "emu/slots.h"
#include "shim/fdtable.h"

EXPORT ssize_t vmsplice(int fd, const struct iovec *iov, size_t n, unsigned int flags)
{
	/* Which pages these are would have to be asked of a hostile array: take it as read. */
	if (fdtable_any())
		emu_slots_forbid();
	return REAL(vmsplice)(fd, iov, n, flags);
}

EXPORT int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	if (level == SOL_SOCKET && option == SO_ZEROCOPY)
		emu_slots_forbid();
	return REAL(setsockopt)(fd, level, option, value, len);
}
