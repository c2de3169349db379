// SPDX-License-Identifier: MIT
/*
 * stat.c - /dev/exmap looks like the character device that it stands for
 *
 * Everything but its kind, mode and number is /dev/null's, which is as real a
 * device as we have.
 */

#include "shim/real.h"

#include <string.h>
#include <sys/sysmacros.h>

#include "shim/answer.h"
#include "shim/fdtable.h"
#include "shim/path.h"

/* A misc device, as the module is; the minor is one of those given out on demand. */
#define EXMAP_MAJOR 10
#define EXMAP_MINOR 126
#define EXMAP_MODE (S_IFCHR | 0666)
#define EXMAP_INO 0x65786d6170

static bool fd_is_exmap(int fd)
{
	return fdtable_read(fd);
}

static bool is_exmap(int dir, const char *path, int flags)
{
	if (flags & AT_EMPTY_PATH && path && !*path)
		return fd_is_exmap(dir);
	return path_is_exmap(dir, path);
}

static int stat_exmap(struct stat *st)
{
	int ret = REAL(stat)("/dev/null", st);

	if (!ret) {
		st->st_mode = EXMAP_MODE;
		st->st_rdev = makedev(EXMAP_MAJOR, EXMAP_MINOR);
		st->st_ino = EXMAP_INO;
	}
	return ret;
}

/* On x86-64 both are one. */
_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "struct stat64 differs");

static int stat64_exmap(struct stat64 *st)
{
	struct stat plain;
	int ret = stat_exmap(&plain);

	if (!ret)
		memcpy(st, &plain, sizeof(*st));
	return ret;
}

EXPORT int stat(const char *path, struct stat *st)
{
	return path_is_exmap(AT_FDCWD, path) ? stat_exmap(st) : REAL(stat)(path, st);
}

EXPORT int stat64(const char *path, struct stat64 *st)
{
	return path_is_exmap(AT_FDCWD, path) ? stat64_exmap(st) : REAL(stat64)(path, st);
}

EXPORT int lstat(const char *path, struct stat *st)
{
	return path_is_exmap(AT_FDCWD, path) ? stat_exmap(st) : REAL(lstat)(path, st);
}

EXPORT int lstat64(const char *path, struct stat64 *st)
{
	return path_is_exmap(AT_FDCWD, path) ? stat64_exmap(st) : REAL(lstat64)(path, st);
}

EXPORT int fstat(int fd, struct stat *st)
{
	return fd_is_exmap(fd) ? stat_exmap(st) : REAL(fstat)(fd, st);
}

EXPORT int fstat64(int fd, struct stat64 *st)
{
	return fd_is_exmap(fd) ? stat64_exmap(st) : REAL(fstat64)(fd, st);
}

EXPORT int fstatat(int dir, const char *path, struct stat *st, int flags)
{
	return is_exmap(dir, path, flags) ? stat_exmap(st) : REAL(fstatat)(dir, path, st, flags);
}

EXPORT int fstatat64(int dir, const char *path, struct stat64 *st, int flags)
{
	return is_exmap(dir, path, flags) ? stat64_exmap(st) :
					    REAL(fstatat64)(dir, path, st, flags);
}

EXPORT int statx(int dir, const char *path, int flags, unsigned int mask, struct statx *stx)
{
	int ret;

	if (!is_exmap(dir, path, flags))
		return REAL(statx)(dir, path, flags, mask, stx);
	ret = REAL(statx)(AT_FDCWD, "/dev/null", flags & ~AT_EMPTY_PATH, mask, stx);
	if (!ret) {
		stx->stx_mode = EXMAP_MODE;
		stx->stx_rdev_major = EXMAP_MAJOR;
		stx->stx_rdev_minor = EXMAP_MINOR;
		stx->stx_ino = EXMAP_INO;
	}
	return ret;
}

EXPORT int access(const char *path, int mode)
{
	if (path_is_exmap(AT_FDCWD, path))
		return answer(mode & X_OK ? -EACCES : 0);
	return REAL(access)(path, mode);
}

EXPORT int faccessat(int dir, const char *path, int mode, int flags)
{
	if (path_is_exmap(dir, path))
		return answer(mode & X_OK ? -EACCES : 0);
	return REAL(faccessat)(dir, path, mode, flags);
}

/* What programs that were linked with a glibc before 2.33 call. */

EXPORT int __xstat(int ver, const char *path, struct stat *st)
{
	(void)ver;
	return stat(path, st);
}

EXPORT int __xstat64(int ver, const char *path, struct stat64 *st)
{
	(void)ver;
	return stat64(path, st);
}

EXPORT int __lxstat(int ver, const char *path, struct stat *st)
{
	(void)ver;
	return lstat(path, st);
}

EXPORT int __lxstat64(int ver, const char *path, struct stat64 *st)
{
	(void)ver;
	return lstat64(path, st);
}

EXPORT int __fxstat(int ver, int fd, struct stat *st)
{
	(void)ver;
	return fstat(fd, st);
}

EXPORT int __fxstat64(int ver, int fd, struct stat64 *st)
{
	(void)ver;
	return fstat64(fd, st);
}

EXPORT int __fxstatat(int ver, int dir, const char *path, struct stat *st, int flags)
{
	(void)ver;
	return fstatat(dir, path, st, flags);
}

EXPORT int __fxstatat64(int ver, int dir, const char *path, struct stat64 *st, int flags)
{
	(void)ver;
	return fstatat64(dir, path, st, flags);
}
