// SPDX-License-Identifier: MIT
/* backing.c - see backing.h */

#define _GNU_SOURCE
#include "emu/backing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "emu/hidden_fd.h"
#include "emu/sys.h"

static bool suits(int fd)
{
	long flags = emu_sys(SYS_fcntl, fd, F_GETFL);
	struct stat st;

	if (flags < 0 || flags & O_PATH || !(flags & O_DIRECT) || (flags & O_ACCMODE) == O_WRONLY)
		return false;
	return !emu_sys(SYS_fstat, fd, &st) && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
}

int emu_backing_open(int fd)
{
	int mine;

	if (emu_fd_is_hidden(fd))
		return -EBADF;
	/* Before there is a duplicate to close, see emu_hide_copy(). */
	if (!suits(fd))
		return -EBADF;
	mine = emu_hide_copy(fd);
	/* And again on our own number: another thread may have reused the client's. */
	if (mine >= 0 && !suits(mine)) {
		emu_close_hidden(mine);
		return -EBADF;
	}
	return mine;
}

static long read_some(int fd, const struct iovec *ranges, size_t n, uint64_t offset)
{
	if (n == 1)
		return emu_sys(SYS_pread64, fd, ranges->iov_base, ranges->iov_len, offset);
	return emu_sys(SYS_preadv, fd, ranges, n, offset, 0);
}

int64_t emu_backing_read(int fd, struct iovec *ranges, size_t n, uint64_t offset)
{
	int64_t done = 0;

	while (n) {
		long got = read_some(fd, ranges, n, offset + done);

		if (got == -EINTR)
			continue;
		if (got < 0)
			return got;
		done += got;
		/*
		 * A short read is the end of the file when it stops inside a block;
		 * O_DIRECT refuses to go on from there anyway.
		 */
		if (got == 0 || done % 512)
			break;
		n = emu_skip_bytes(&ranges, n, got);
	}
	return done;
}
