// SPDX-License-Identifier: MIT
/* backing.c - see backing.h */

#define _GNU_SOURCE
#include "emu/backing.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>

#include "emu/hidden_fd.h"
#include "emu/options.h"
#include "emu/say.h"
#include "emu/sys.h"

/* Return: why READ cannot use @fd, and the way out, to end a message with; NULL if it can. */
static const char *unsuited(int fd)
{
	long flags = emu_sys(SYS_fcntl, fd, F_GETFL);
	struct stat st;

	if (flags < 0 || emu_sys(SYS_fstat, fd, &st))
		return "is not open; open the file, or pass -1 for an exmap without READ";
	if (flags & O_PATH)
		return "was opened with O_PATH; open it with O_RDONLY or O_RDWR";
	if (S_ISDIR(st.st_mode))
		return "is a directory; open a file or a block device";
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return "is neither a file nor a block device; open one of these";
	if ((flags & O_ACCMODE) == O_WRONLY)
		return "was opened for writing only; open it with O_RDONLY or O_RDWR";
	if (!(flags & O_DIRECT))
		return "was opened without O_DIRECT; open it with O_DIRECT";
	return NULL;
}

static int refuse(int fd, const char *why)
{
	char link[32], path[256];
	long n;

	if (!emu_options()->verbose && !emu_options()->notes)
		return -EBADF;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = emu_sys(SYS_readlinkat, AT_FDCWD, link, path, sizeof(path));
	if (n > 0)
		emu_say("SETUP: EBADF: descriptor %d (%.*s) %s [3.3]", fd, (int)n, path, why);
	else
		emu_say("SETUP: EBADF: descriptor %d %s [3.3]", fd, why);
	return -EBADF;
}

int emu_backing_open(int fd)
{
	/* To the client, a number that one of the emulator's hidden fds has is not open. */
	const char *why = unsuited(emu_fd_is_hidden(fd) ? -1 : fd);
	int mine;

	/* Checked before duplicating: to close a duplicate drops the client's locks on the file. */
	if (why)
		return refuse(fd, why);
	mine = emu_hide_copy(fd);
	if (mine < 0)
		return mine;
	/* Checked again: another thread may have closed and reused @fd before it was duplicated. */
	why = unsuited(mine);
	if (why) {
		emu_close_hidden(mine);
		return refuse(fd, why);
	}
	return mine;
}

__thread uint64_t emu_backing_end = UINT64_MAX;

static long read_some(int fd, const struct iovec *ranges, size_t n, uint64_t offset)
{
	if (n == 1)
		return emu_sys(SYS_pread64, fd, ranges->iov_base, ranges->iov_len, offset);
	return emu_sys(SYS_preadv, fd, ranges, n, offset, 0);
}

int64_t emu_backing_size(int fd)
{
	uint64_t size;
	struct stat st;

	if (fd < 0 || emu_sys(SYS_fstat, fd, &st))
		return -1;
	/* Not by lseek(): the client shares the file's position. */
	if (S_ISBLK(st.st_mode))
		return emu_sys(SYS_ioctl, fd, BLKGETSIZE64, &size) ? -1 : (int64_t)size;
	return st.st_size;
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
		 * A read that stops inside a block of 512 bytes has met the end of the file.
		 * O_DIRECT could not read on from there: offsets must be multiples of a block.
		 */
		if (got == 0 || done % 512)
			break;
		n = emu_skip_bytes(&ranges, n, got);
	}
	if (offset + done > emu_backing_end)
		done = emu_backing_end > offset ? emu_backing_end - offset : 0;
	return done;
}
