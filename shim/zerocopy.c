// SPDX-License-Identifier: MIT
/*
 * zerocopy.c - vmsplice() and setsockopt(SO_ZEROCOPY): the kernel keeps references to pages
 *
 * The kernel sends such pages later, out of the client's memory. So none of them may
 * be moved into a slot and handed out again meanwhile: the calls go on to libc, and
 * before that emu_slots_forbid() has FREE drop pages instead of keeping them.
 */

#include "shim/real.h"

#include "emu/slots.h"
#include "shim/fdtable.h"

EXPORT ssize_t vmsplice(int fd, const struct iovec *iov, size_t n, unsigned int flags)
{
	/*
	 * Any vmsplice() counts. To find out whether its pages are a surface's, the array
	 * would have to be copied: another thread may change it before the kernel reads it.
	 */
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
