// SPDX-License-Identifier: MIT
/* fds.c - close(), dup() and their like: the kernel's table and ours together */

#include "shim/real.h"

#include <stdarg.h>

#include "emu/rcu.h"
#include "emu/report.h"
#include "emu/usercopy.h"
#include "shim/fdtable.h"
#include "shim/libc_result.h"
#include "shim/uring.h"

EXPORT int close(int fd)
{
	struct exmap_file *file = NULL;
	int ret;

	if (fd_is_hidden(fd))
		return libc_result(-EBADF);
	if (!fdtable_read(fd)) {
		if (uring_any)
			uring_close(fd);
		return REAL(close)(fd);
	}
	if (fdtable_lock())
		file = fdtable_take(fd);
	/* With the lock held this must not be where pthread_cancel() strikes. */
	ret = libc_result(emu_sys(SYS_close, fd));
	fdtable_unlock();
	if (file)
		emu_file_put(file);
	return ret;
}

/* Closes what may be closed in a range that has hidden fds in it. */
static int close_around_hidden(unsigned int first, unsigned int last, int flags)
{
	int ret = 0;

	while (!ret && first <= last) {
		unsigned int stop = first;

		while (stop < last && stop < EMU_MAX_FDS && !emu_fd_is_hidden(stop))
			stop++;
		if (stop >= EMU_MAX_FDS)
			stop = last;
		if (!emu_fd_is_hidden(stop))
			return REAL(close_range)(first, stop, flags);
		if (stop > first)
			ret = REAL(close_range)(first, stop - 1, flags);
		first = stop + 1;
	}
	return ret;
}

EXPORT int close_range(unsigned int first, unsigned int last, int flags)
{
	struct exmap_file *file;
	int ret;
	int fd;

	/*
	 * With CLOSE_RANGE_CLOEXEC nothing is closed, and our own fds have it anyway;
	 * flags that nobody knows are for the kernel to refuse.
	 */
	if (!fdtable_any() || flags & ~CLOSE_RANGE_UNSHARE || first > last)
		return REAL(close_range)(first, last, flags);
	while (fdtable_lock() && (fd = fdtable_next(first, last)) >= 0) {
		file = fdtable_take(fd);
		emu_sys(SYS_close, fd);
		fdtable_unlock();
		emu_file_put(file);
	}
	ret = close_around_hidden(first, last, flags);
	fdtable_unlock();
	return ret;
}

EXPORT void closefrom(int first)
{
	close_range(first < 0 ? 0 : first, ~0U, 0);
}

/* Does @ret = the kernel's duplication inside the lock, and then ours. */
#define DUPLICATE(ret, from, call)                                \
	do {                                                      \
		struct exmap_file *from_file = fdtable_get(from); \
		struct exmap_file *gone = NULL;                   \
		bool ours = fdtable_lock();                       \
                                                                  \
		ret = call;                                       \
		if (ret >= 0 && ret != (from) && ours) {          \
			gone = fdtable_take(ret);                 \
			if (from_file && ret < EMU_MAX_FDS) {     \
				fdtable_set(ret, from_file);      \
				from_file = NULL;                 \
			}                                         \
		}                                                 \
		fdtable_unlock();                                 \
		if (from_file)                                    \
			emu_file_put(from_file);                  \
		if (gone)                                         \
			emu_file_put(gone);                       \
	} while (0)

EXPORT int dup(int fd)
{
	int ret;

	if (fd_is_hidden(fd))
		return libc_result(-EBADF);
	if (!fdtable_read(fd))
		return REAL(dup)(fd);
	DUPLICATE(ret, fd, REAL(dup)(fd));
	return ret;
}

EXPORT int dup2(int fd, int new_fd)
{
	int ret;

	if (fd_is_hidden(fd))
		return libc_result(-EBADF);
	/* The one busy number is one of ours; the client can take any other. */
	if (fd_is_hidden(new_fd))
		return libc_result(-EBUSY);
	if (!fdtable_read(fd) && !fdtable_read(new_fd))
		return REAL(dup2)(fd, new_fd);
	DUPLICATE(ret, fd, REAL(dup2)(fd, new_fd));
	return ret;
}

EXPORT int dup3(int fd, int new_fd, int flags)
{
	int ret;

	if (fd_is_hidden(fd))
		return libc_result(-EBADF);
	if (fd_is_hidden(new_fd))
		return libc_result(-EBUSY);
	if (!fdtable_read(fd) && !fdtable_read(new_fd))
		return REAL(dup3)(fd, new_fd, flags);
	DUPLICATE(ret, fd, REAL(dup3)(fd, new_fd, flags));
	return ret;
}

/* What F_GETFL says of an exmap: as it was opened, not what stands in for it. */
static int get_flags(int fd)
{
	struct exmap_file *file;
	int ret = -EBADF;

	emu_rcu_read_lock();
	file = fdtable_read(fd);
	if (file)
		ret = file->flags & ~(O_CLOEXEC | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC);
	emu_rcu_read_unlock();
	return libc_result(ret);
}

static int do_fcntl(int (*real)(int fd, int cmd, ...), int fd, int cmd, void *arg)
{
	int ret;

	if (fd_is_hidden(fd))
		return libc_result(-EBADF);
	if (!fdtable_read(fd))
		return real(fd, cmd, arg);
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		DUPLICATE(ret, fd, real(fd, cmd, arg));
		return ret;
	case F_GETFL:
		return get_flags(fd);
	case F_SETFL:
		/* O_NONBLOCK and its like mean nothing to an exmap: taken, and without effect. */
		return 0;
	default:
		return real(fd, cmd, arg);
	}
}

EXPORT int fcntl(int fd, int cmd, ...)
{
	va_list args;
	void *arg;

	va_start(args, cmd);
	arg = va_arg(args, void *);
	va_end(args);
	return do_fcntl(REAL(fcntl), fd, cmd, arg);
}

EXPORT int fcntl64(int fd, int cmd, ...)
{
	va_list args;
	void *arg;

	va_start(args, cmd);
	arg = va_arg(args, void *);
	va_end(args);
	return do_fcntl(REAL(fcntl64), fd, cmd, arg);
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
