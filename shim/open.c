// SPDX-License-Identifier: MIT
/*
 * open.c - open() and its like
 *
 * Behind an fd of ours the kernel has /dev/null, open with O_PATH: a number that
 * can be duplicated, inherited and closed, and for which everything else that
 * passes the shim by (raw system calls, io_uring, libaio) fails with EBADF. It
 * never succeeds with nothing, as /dev/null itself would.
 */

#include "shim/real.h"

#include <stdarg.h>

#include "emu/report.h"
#include "emu/usercopy.h"
#include "shim/fdtable.h"
#include "shim/libc_result.h"
#include "shim/open.h"
#include "shim/path.h"
#include "shim/signals.h"

static long install(int fd, int flags)
{
	struct exmap_file *file;

	if (fd >= EMU_MAX_FDS)
		return -EMFILE;
	if (!fdtable_start())
		return -ENOMEM;
	file = emu_open(flags);
	if (!file)
		return -ENOMEM;
	signals_start();
	fdtable_lock();
	fdtable_set(fd, file);
	fdtable_unlock();
	return fd;
}

static int open_exmap(int flags)
{
	long ret;
	int fd;

	if (flags & O_DIRECTORY)
		return libc_result(-ENOTDIR);
	if (flags & O_CREAT && flags & O_EXCL)
		return libc_result(-EEXIST);
	if (flags & O_PATH)
		return REAL(open)("/dev/null", flags);
	fd = REAL(open)("/dev/null", O_PATH | (flags & O_CLOEXEC));
	if (fd < 0) {
		emu_say("open: /dev/null must be there to stand for /dev/exmap");
		return fd;
	}
	ret = install(fd, flags);
	if (ret < 0)
		REAL(close)(fd);
	return libc_result(ret);
}

/*
 * The kernel looks first: then a bad pointer has had its EFAULT, and we may read
 * the path too. Not with O_CREAT, which would make a file of that name.
 */
static bool is_for_us(int dir, const char *path, int flags)
{
	return flags & O_CREAT && path_leads_to_exmap(dir, path, !(flags & O_NOFOLLOW));
}

static int after(int ret, int dir, const char *path, int flags)
{
	if (ret >= 0 && path_is_exmap(dir, path))
		REAL(close)(ret);
	else if (ret >= 0 || !path_was_read(errno) ||
		 !path_leads_to_exmap(dir, path, !(flags & O_NOFOLLOW)))
		return ret;
	return open_exmap(flags);
}

int open_on(int fd, int flags)
{
	int cloexec = flags & O_CLOEXEC;
	int null = emu_sys(SYS_openat, AT_FDCWD, "/dev/null", O_PATH | cloexec, 0);
	long ret;

	if (null < 0)
		return libc_result(null);
	ret = emu_sys(SYS_dup3, null, fd, cloexec);
	emu_sys(SYS_close, null);
	return libc_result(ret < 0 ? ret : install(fd, flags));
}

/* Only these flags make open() look at the mode. */
static mode_t mode_of(int flags, va_list args)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
}

int open_by_how(int dir, const char *path, const struct open_how *how, size_t size)
{
	struct open_how copy;
	int ret;

	/* The copy may fault. */
	signals_start();
	if (size < sizeof(copy) || emu_usercopy(&copy, how, sizeof(copy)) ||
	    copy.resolve & RESOLVE_IN_ROOT)
		return libc_result(emu_sys(SYS_openat2, dir, path, how, size));
	if (copy.resolve & RESOLVE_NO_SYMLINKS)
		copy.flags |= O_NOFOLLOW;
	if (is_for_us(dir, path, copy.flags))
		return open_exmap(copy.flags);
	ret = libc_result(emu_sys(SYS_openat2, dir, path, how, size));
	return after(ret, dir, path, copy.flags);
}

EXPORT int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	if (is_for_us(AT_FDCWD, path, flags))
		return open_exmap(flags);
	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return after(REAL(open)(path, flags, mode), AT_FDCWD, path, flags);
}

EXPORT int open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	if (is_for_us(AT_FDCWD, path, flags))
		return open_exmap(flags);
	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return after(REAL(open64)(path, flags, mode), AT_FDCWD, path, flags);
}

EXPORT int openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	if (is_for_us(dir, path, flags))
		return open_exmap(flags);
	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return after(REAL(openat)(dir, path, flags, mode), dir, path, flags);
}

EXPORT int openat64(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	if (is_for_us(dir, path, flags))
		return open_exmap(flags);
	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return after(REAL(openat64)(dir, path, flags, mode), dir, path, flags);
}

EXPORT int creat(const char *path, mode_t mode)
{
	return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

EXPORT int creat64(const char *path, mode_t mode)
{
	return open64(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

/* What fortified programs call when they pass no mode, and so no O_CREAT. */

EXPORT int __open_2(const char *path, int flags)
{
	return after(REAL(__open_2)(path, flags), AT_FDCWD, path, flags);
}

EXPORT int __open64_2(const char *path, int flags)
{
	return after(REAL(__open64_2)(path, flags), AT_FDCWD, path, flags);
}

EXPORT int __openat_2(int dir, const char *path, int flags)
{
	return after(REAL(__openat_2)(dir, path, flags), dir, path, flags);
}

EXPORT int __openat64_2(int dir, const char *path, int flags)
{
	return after(REAL(__openat64_2)(dir, path, flags), dir, path, flags);
}
