// SPDX-License-Identifier: MIT
/*
 * open.c - open(), openat(), openat2() and creat()
 *
 * Opening /dev/exmap, by whatever path leads there, ends in emu_open(), and the new
 * file goes into fdtable.c's table. All other paths go on to libc.
 *
 * The kernel's file behind an exmap's fd is /dev/null, opened with O_PATH. Such an
 * fd can be duplicated, inherited and closed. A read, write or ioctl that reaches
 * the kernel past the shim fails with EBADF. On /dev/null opened for reading it
 * would succeed and do nothing, and the client would go on with wrong data.
 */

#include "shim/real.h"

#include <stdarg.h>

#include "emu/hidden_fd.h"
#include "emu/reentry.h"
#include "emu/say.h"
#include "emu/usercopy.h"
#include "shim/fdtable.h"
#include "shim/libc_result.h"
#include "shim/open.h"
#include "shim/path.h"
#include "shim/signals.h"

/* Makes an O_PATH fd a new exmap. Return: @fd, or a negative errno. */
static long install(int fd, int flags, enum emu_name name)
{
	struct exmap_file *file;

	if (fd >= EMU_MAX_FDS)
		return -EMFILE;
	if (!emu_may_lock())
		return emu_refuse_reentry();
	if (!fdtable_start())
		return -ENOMEM;
	file = emu_open(flags, name);
	if (!file)
		return -ENOMEM;
	signals_start();
	fdtable_lock();
	fdtable_set(fd, file);
	fdtable_unlock();
	return fd;
}

static int open_exmap(int flags, enum emu_name name)
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
		emu_say("open: /dev/exmap needs a /dev/null that can be opened; make one (mknod "
			"/dev/null c 1 3)");
		return fd;
	}
	ret = install(fd, flags, name);
	if (ret < 0)
		REAL(close)(fd);
	return libc_result(ret);
}

/*
 * Whether an open() must not reach the kernel: O_CREAT would make a file named /dev/exmap. Sets @name
 * then.
 *
 * Without O_CREAT the kernel is asked first, and its answer looked at in after(): once it has
 * not failed with EFAULT, the path can be read here as well.
 */
static bool must_not_reach_kernel(int dir, const char *path, int flags, enum emu_name *name)
{
	return flags & O_CREAT && path_leads_to_exmap(dir, path, !(flags & O_NOFOLLOW), name);
}

/*
 * What open() returns, after the kernel's answer @ret: a new exmap if the path leads to one. The
 * kernel has opened a device (with the module loaded), or failed as there is none.
 */
static int after(int ret, int dir, const char *path, int flags)
{
	enum emu_name name;

	if (ret >= 0 && path_is_exmap(dir, path, &name))
		REAL(close)(ret);
	else if (ret >= 0 || !path_was_readable(errno) ||
		 !path_leads_to_exmap(dir, path, !(flags & O_NOFOLLOW), &name))
		return ret;
	return open_exmap(flags, name);
}

int open_replace(int fd, int flags, enum emu_name name)
{
	int cloexec = flags & O_CLOEXEC;
	int null = emu_sys(SYS_openat, AT_FDCWD, "/dev/null", O_PATH | cloexec, 0);
	long ret;

	if (null < 0)
		return libc_result(null);
	ret = emu_sys(SYS_dup3, null, fd, cloexec);
	emu_sys(SYS_close, null);
	return libc_result(ret < 0 ? ret : install(fd, flags, name));
}

/* open()'s third argument, which is there with these flags only. */
static mode_t mode_of(int flags, va_list args)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
}

int open_openat2(int dir, const char *path, const struct open_how *how, size_t size)
{
	struct open_how copy;
	enum emu_name name;
	int ret;

	/* emu_usercopy() relies on our SIGSEGV handler to survive a bad address. */
	signals_start();
	if (size < sizeof(copy) || emu_usercopy(&copy, how, sizeof(copy)) ||
	    copy.resolve & RESOLVE_IN_ROOT)
		return libc_result(emu_sys(SYS_openat2, dir, path, how, size));
	if (copy.resolve & RESOLVE_NO_SYMLINKS)
		copy.flags |= O_NOFOLLOW;
	if (must_not_reach_kernel(dir, path, copy.flags, &name))
		return open_exmap(copy.flags, name);
	ret = libc_result(emu_sys(SYS_openat2, dir, path, how, size));
	return after(ret, dir, path, copy.flags);
}

EXPORT int open(const char *path, int flags, ...)
{
	enum emu_name name;
	va_list args;
	mode_t mode;

	if (must_not_reach_kernel(AT_FDCWD, path, flags, &name))
		return open_exmap(flags, name);
	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return after(REAL(open)(path, flags, mode), AT_FDCWD, path, flags);
}

EXPORT int open64(const char *path, int flags, ...)
{
	enum emu_name name;
	va_list args;
	mode_t mode;

	if (must_not_reach_kernel(AT_FDCWD, path, flags, &name))
		return open_exmap(flags, name);
	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return after(REAL(open64)(path, flags, mode), AT_FDCWD, path, flags);
}

EXPORT int openat(int dir, const char *path, int flags, ...)
{
	enum emu_name name;
	va_list args;
	mode_t mode;

	if (must_not_reach_kernel(dir, path, flags, &name))
		return open_exmap(flags, name);
	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return after(REAL(openat)(dir, path, flags, mode), dir, path, flags);
}

EXPORT int openat64(int dir, const char *path, int flags, ...)
{
	enum emu_name name;
	va_list args;
	mode_t mode;

	if (must_not_reach_kernel(dir, path, flags, &name))
		return open_exmap(flags, name);
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

/* Programs built with _FORTIFY_SOURCE call these where they pass no mode, and so no O_CREAT. */

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
