// SPDX-License-Identifier: MIT
/*
 * fds.c - close(), dup(), fcntl() and sendmsg(): what a client does to fds as such
 *
 * An exmap's fd is changed in the kernel's table and in fdtable.c's under one lock.
 * The last fd of an exmap that is closed ends in emu_file_put(). Fds that the
 * emulator keeps for itself look closed to the client. A closed ring is forgotten
 * by uring_close().
 */

#include "shim/real.h"

#include <stdarg.h>

#include "emu/hidden_fd.h"
#include "emu/rcu.h"
#include "emu/reentry.h"
#include "emu/say.h"
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
	if (!emu_may_lock())
		return libc_result(emu_refuse_reentry());
	if (fdtable_lock())
		file = fdtable_take(fd);
	/* Not libc's close(), a cancellation point: a thread that ends here would keep the lock. */
	ret = libc_result(emu_sys(SYS_close, fd));
	fdtable_unlock();
	if (file)
		emu_file_put(file);
	return ret;
}

/* close_range(), but for the hidden fds in the range. */
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
	 * CLOSE_RANGE_CLOEXEC closes nothing, and the hidden fds are close-on-exec
	 * anyway. Unknown flags are the kernel's to refuse.
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

/*
 * Duplicates the fd @from in both tables.
 * @ret:  variable for the new fd, or -1 with errno: EDEADLK in a handler, as reentry.h says
 * @call: expression that makes the kernel's duplicate; evaluated once, with the lock held
 */
#define DUPLICATE(ret, from, call)                               \
	do {                                                     \
		struct exmap_file *from_file;                    \
		struct exmap_file *gone = NULL;                  \
		bool ours;                                       \
                                                                 \
		if (!emu_may_lock()) {                           \
			ret = libc_result(emu_refuse_reentry()); \
			break;                                   \
		}                                                \
		from_file = fdtable_get(from);                   \
		ours = fdtable_lock();                           \
		ret = call;                                      \
		if (ret >= 0 && ret != (from) && ours) {         \
			gone = fdtable_take(ret);                \
			if (from_file && ret < EMU_MAX_FDS) {    \
				fdtable_set(ret, from_file);     \
				from_file = NULL;                \
			}                                        \
		}                                                \
		fdtable_unlock();                                \
		if (from_file)                                   \
			emu_file_put(from_file);                 \
		if (gone)                                        \
			emu_file_put(gone);                      \
	} while (0)

/* @ret: the answer of dup2() and the like. */
static int duplicated(int ret)
{
	if (ret == STDERR_FILENO)
		emu_choose_stderr();
	return ret;
}

EXPORT int dup(int fd)
{
	int ret;

	if (fd_is_hidden(fd))
		return libc_result(-EBADF);
	if (!fdtable_read(fd))
		return duplicated(REAL(dup)(fd));
	DUPLICATE(ret, fd, REAL(dup)(fd));
	return ret;
}

EXPORT int dup2(int fd, int new_fd)
{
	int ret;

	if (fd_is_hidden(fd))
		return libc_result(-EBADF);
	/* A hidden fd has this number. The client can take another. */
	if (fd_is_hidden(new_fd))
		return libc_result(-EBUSY);
	if (!fdtable_read(fd) && !fdtable_read(new_fd))
		return duplicated(REAL(dup2)(fd, new_fd));
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
		return duplicated(REAL(dup3)(fd, new_fd, flags));
	DUPLICATE(ret, fd, REAL(dup3)(fd, new_fd, flags));
	return ret;
}

/* F_GETFL: the flags that the exmap was opened with. The kernel's fd behind it has others. */
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
		/* O_NONBLOCK and the other flags that can be set have no effect on an exmap. */
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

/* Whether one of @n fds is an exmap. They are the client's, in a control message, good or bad. */
static bool has_exmap(const int *fds, size_t n)
{
	int pair[2];

	for (size_t i = 0; i < n; i++) {
		/* emu_usercopy() copies 8 bytes. The 4 before an fd are of the same message. */
		if (emu_usercopy(pair, fds + i - 1, sizeof(pair)))
			return false;
		if (fdtable_read(pair[1]))
			return true;
	}
	return false;
}

/* Whether a message, good or bad, sends the fd of an exmap (SCM_RIGHTS). */
static bool carries_exmap(const struct msghdr *message)
{
	struct cmsghdr header;
	struct msghdr copy;
	const char *at;
	size_t left;

	if (!fdtable_any() || emu_usercopy(&copy, message, sizeof(copy)))
		return false;
	at = copy.msg_control;
	left = copy.msg_controllen;
	while (left >= sizeof(header)) {
		/* The kernel will fail with EFAULT or EINVAL. */
		if (emu_usercopy(&header, at, sizeof(header)) || header.cmsg_len < sizeof(header) ||
		    header.cmsg_len > left)
			return false;
		if (header.cmsg_level == SOL_SOCKET && header.cmsg_type == SCM_RIGHTS &&
		    has_exmap((const int *)(at + CMSG_LEN(0)),
			      (header.cmsg_len - CMSG_LEN(0)) / sizeof(int))) {
			emu_say_once("sendmsg: the fd of an emulated exmap cannot be sent to "
				     "another process (EOPNOTSUPP); open /dev/exmap there");
			return true;
		}
		if (CMSG_ALIGN(header.cmsg_len) > left)
			break;
		at += CMSG_ALIGN(header.cmsg_len);
		left -= CMSG_ALIGN(header.cmsg_len);
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
