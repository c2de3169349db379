// SPDX-License-Identifier: MIT
/*
 * escape.c - calls that would take an exmap, or pages of it, out of our sight
 *
 * Where the kernel holds pages by mere reference, see emu_slots_forbid().
 */

#include "shim/real.h"

#include "emu/report.h"
#include "emu/slots.h"
#include "emu/usercopy.h"
#include "shim/fdtable.h"
#include "shim/libc_result.h"

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

static bool has_exmap(const struct cmsghdr *header)
{
	const int *fds = (const int *)CMSG_DATA(header);
	size_t n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(*fds);

	if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (fdtable_read(fds[i]))
			return true;
	}
	return false;
}

static bool carries_exmap(const struct msghdr *message)
{
	struct msghdr copy;

	if (!fdtable_any() || emu_usercopy(&copy, message, sizeof(copy)) || !copy.msg_control)
		return false;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&copy); header;
	     header = CMSG_NXTHDR(&copy, header)) {
		if (!has_exmap(header))
			continue;
		emu_say_once("sendmsg: an emulated exmap lives in its process and cannot be sent "
			     "to another (EOPNOTSUPP); open one there");
		return true;
	}
	return false;
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (carries_exmap(message))
		return libc_result(-EOPNOTSUPP);
	return REAL(sendmsg)(fd, message, flags);
}

EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned int n, int flags)
{
	for (unsigned int i = 0; fdtable_any() && i < n; i++) {
		if (carries_exmap(&messages[i].msg_hdr))
			return libc_result(-EOPNOTSUPP);
	}
	return REAL(sendmmsg)(fd, messages, n, flags);
}
