// SPDX-License-Identifier: MIT
/*
 * process_madvise.c - process_madvise() of the client on its own surface
 *
 * A kernel since about 6.13 takes from a process any advice on its own memory by this call, such as
 * to drop pages, which the table would still show as allocated. So a range that has a surface in it
 * goes the way that madvise() of the range goes. Others go on to the kernel, and so does a call on
 * another process: the kernel takes only advice for that which drops nothing.
 */

#include "shim/real.h"

#include <string.h>

#include "emu/memory.h"
#include "emu/uapi.h"
#include "emu/usercopy.h"
#include "shim/fdtable.h"
#include "shim/libc_result.h"

/*
 * Reads the line "Pid:" that the kernel shows for a pidfd. Return: false if it cannot be read, for
 * want of /proc or because the fd is none.
 */
static bool read_pid(int pidfd, char *pid, size_t size)
{
	char text[512];
	const char *line;
	long fd;
	long n;

	snprintf(text, sizeof(text), "/proc/self/fdinfo/%d", pidfd);
	fd = emu_sys(SYS_openat, AT_FDCWD, text, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	n = emu_sys(SYS_read, fd, text, sizeof(text) - 1);
	emu_sys(SYS_close, fd);
	text[n > 0 ? n : 0] = '\0';
	line = strstr(text, "\nPid:\t");
	if (!line)
		return false;
	line += strlen("\nPid:\t");
	snprintf(pid, size, "%.*s", (int)strcspn(line, "\n"), line);
	return true;
}

/*
 * Whether a pidfd stands for this process, or for one of its threads. PIDFD_SELF and the numbers
 * below it are the kernel's names for oneself.
 */
static bool is_ourselves(int pidfd)
{
	char pid[16];
	char path[64];

	if (pidfd <= PIDFD_SELF)
		return true;
	if (!read_pid(pidfd, pid, sizeof(pid)))
		return false;
	snprintf(path, sizeof(path), "/proc/self/task/%s", pid);
	return !emu_sys(SYS_faccessat, AT_FDCWD, path, F_OK);
}

static bool is_ours(const struct iovec *range)
{
	return emu_vm_overlaps(range->iov_base, range->iov_len);
}

/* Whether one of the client's ranges is ours. A bad pointer is the kernel's to refuse. */
static bool any_is_ours(const struct iovec *ranges, size_t n)
{
	struct iovec range;

	for (size_t i = 0; i < n && !emu_usercopy(&range, &ranges[i], sizeof(range)); i++) {
		if (is_ours(&range))
			return true;
	}
	return false;
}

/* Return: bytes advised, up to the first range that is refused; its negative errno if there are none. */
static ssize_t advise_each(int pidfd, const struct iovec *ranges, size_t n, int advice)
{
	struct iovec range;
	ssize_t done = 0;
	long ret = 0;

	for (size_t i = 0; i < n; i++) {
		ret = emu_usercopy(&range, &ranges[i], sizeof(range));
		if (!ret && is_ours(&range))
			ret = emu_madvise(range.iov_base, range.iov_len, advice);
		else if (!ret)
			ret = emu_sys(SYS_process_madvise, pidfd, &range, 1, advice, 0);
		if (ret < 0)
			break;
		done += range.iov_len;
	}
	return done ? done : ret;
}

EXPORT ssize_t process_madvise(int pidfd, const struct iovec *ranges, size_t n, int advice,
			       unsigned int flags)
{
	if (!fdtable_any() || flags || n > EMU_MAX_IOV || !any_is_ours(ranges, n) ||
	    !is_ourselves(pidfd))
		return libc_result(emu_sys(SYS_process_madvise, pidfd, ranges, n, advice, flags));
	return libc_result(advise_each(pidfd, ranges, n, advice));
}
