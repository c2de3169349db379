// SPDX-License-Identifier: MIT
/*
 * stat.c - stat(), access(), getxattr() and their variants: /dev/exmap is a character device
 *
 * Nothing here ends in the emulator. Of an exmap, kind, mode, device number and inode
 * are made up. The rest, such as owner and times, is /dev/null's.
 */

#include "shim/real.h"

#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "shim/fdtable.h"
#include "shim/libc_result.h"
#include "shim/path.h"

/*
 * The module registers misc devices, major 10, with minors that the kernel chooses. The minor and the
 * inode of a name are these plus its enum emu_name.
 */
#define EXMAP_MAJOR 10
#define EXMAP_MINOR 120
#define EXMAP_MODE (S_IFCHR | 0666)
#define EXMAP_INO 0x65786d6170

/*
 * Whether a call that the kernel answered with @ret was about an exmap; sets @name then. The kernel is
 * asked first, as a bad @path has then failed with EFAULT, and is not read here.
 */
static bool is_exmap(int ret, int dir, const char *path, int flags, enum emu_name *name)
{
	if (ret && !path_was_readable(errno))
		return false;
	if (flags & AT_EMPTY_PATH && path && !*path)
		return fdtable_name(dir, name);
	return ret ? path_leads_to_exmap(dir, path, !(flags & AT_SYMLINK_NOFOLLOW), name) :
		     path_is_exmap(dir, path, name);
}

static int stat_exmap(struct stat *st, enum emu_name name)
{
	int ret = REAL(stat)("/dev/null", st);

	if (!ret) {
		st->st_mode = EXMAP_MODE;
		st->st_rdev = makedev(EXMAP_MAJOR, EXMAP_MINOR + name);
		st->st_ino = EXMAP_INO + name;
	}
	return ret;
}

/* On x86-64 struct stat and struct stat64 are the same. */
_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "struct stat64 differs");

static int stat64_exmap(struct stat64 *st, enum emu_name name)
{
	struct stat plain;
	int ret = stat_exmap(&plain, name);

	if (!ret)
		memcpy(st, &plain, sizeof(*st));
	return ret;
}

EXPORT int stat(const char *path, struct stat *st)
{
	enum emu_name name;
	int ret = REAL(stat)(path, st);

	return is_exmap(ret, AT_FDCWD, path, 0, &name) ? stat_exmap(st, name) : ret;
}

EXPORT int stat64(const char *path, struct stat64 *st)
{
	enum emu_name name;
	int ret = REAL(stat64)(path, st);

	return is_exmap(ret, AT_FDCWD, path, 0, &name) ? stat64_exmap(st, name) : ret;
}

EXPORT int lstat(const char *path, struct stat *st)
{
	enum emu_name name;
	int ret = REAL(lstat)(path, st);

	return is_exmap(ret, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &name) ? stat_exmap(st, name) :
									   ret;
}

EXPORT int lstat64(const char *path, struct stat64 *st)
{
	enum emu_name name;
	int ret = REAL(lstat64)(path, st);

	return is_exmap(ret, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &name) ? stat64_exmap(st, name) :
									   ret;
}

EXPORT int fstat(int fd, struct stat *st)
{
	enum emu_name name;

	return fdtable_name(fd, &name) ? stat_exmap(st, name) : REAL(fstat)(fd, st);
}

EXPORT int fstat64(int fd, struct stat64 *st)
{
	enum emu_name name;

	return fdtable_name(fd, &name) ? stat64_exmap(st, name) : REAL(fstat64)(fd, st);
}

EXPORT int fstatat(int dir, const char *path, struct stat *st, int flags)
{
	enum emu_name name;
	int ret = REAL(fstatat)(dir, path, st, flags);

	return is_exmap(ret, dir, path, flags, &name) ? stat_exmap(st, name) : ret;
}

EXPORT int fstatat64(int dir, const char *path, struct stat64 *st, int flags)
{
	enum emu_name name;
	int ret = REAL(fstatat64)(dir, path, st, flags);

	return is_exmap(ret, dir, path, flags, &name) ? stat64_exmap(st, name) : ret;
}

EXPORT int statx(int dir, const char *path, int flags, unsigned int mask, struct statx *stx)
{
	int ret = REAL(statx)(dir, path, flags, mask, stx);
	enum emu_name name;

	if (!is_exmap(ret, dir, path, flags, &name))
		return ret;
	ret = REAL(statx)(AT_FDCWD, "/dev/null", flags & ~AT_EMPTY_PATH, mask, stx);
	if (!ret) {
		stx->stx_mode = EXMAP_MODE;
		stx->stx_rdev_major = EXMAP_MAJOR;
		stx->stx_rdev_minor = EXMAP_MINOR + name;
		stx->stx_ino = EXMAP_INO + name;
	}
	return ret;
}

EXPORT int access(const char *path, int mode)
{
	int ret = REAL(access)(path, mode);
	enum emu_name name;

	return is_exmap(ret, AT_FDCWD, path, 0, &name) ? libc_result(mode & X_OK ? -EACCES : 0) :
							 ret;
}

EXPORT int faccessat(int dir, const char *path, int mode, int flags)
{
	int ret = REAL(faccessat)(dir, path, mode, flags);
	enum emu_name name;

	return is_exmap(ret, dir, path, 0, &name) ? libc_result(mode & X_OK ? -EACCES : 0) : ret;
}

EXPORT int euidaccess(const char *path, int mode)
{
	int ret = REAL(euidaccess)(path, mode);
	enum emu_name name;

	return is_exmap(ret, AT_FDCWD, path, 0, &name) ? libc_result(mode & X_OK ? -EACCES : 0) :
							 ret;
}

EXPORT int eaccess(const char *path, int mode)
{
	return euidaccess(path, mode);
}

/* ls asks for these. @ret: what the kernel has answered, number of bytes or -1. */
static bool has_null_xattrs(ssize_t ret, const char *path, int flags)
{
	enum emu_name name;

	return is_exmap(ret < 0 ? -1 : 0, AT_FDCWD, path, flags, &name);
}

EXPORT ssize_t getxattr(const char *path, const char *name, void *value, size_t size)
{
	ssize_t ret = REAL(getxattr)(path, name, value, size);

	return has_null_xattrs(ret, path, 0) ? REAL(getxattr)("/dev/null", name, value, size) : ret;
}

EXPORT ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size)
{
	ssize_t ret = REAL(lgetxattr)(path, name, value, size);

	return has_null_xattrs(ret, path, AT_SYMLINK_NOFOLLOW) ?
		       REAL(getxattr)("/dev/null", name, value, size) :
		       ret;
}

EXPORT ssize_t listxattr(const char *path, char *list, size_t size)
{
	ssize_t ret = REAL(listxattr)(path, list, size);

	return has_null_xattrs(ret, path, 0) ? REAL(listxattr)("/dev/null", list, size) : ret;
}

EXPORT ssize_t llistxattr(const char *path, char *list, size_t size)
{
	ssize_t ret = REAL(llistxattr)(path, list, size);

	return has_null_xattrs(ret, path, AT_SYMLINK_NOFOLLOW) ?
		       REAL(listxattr)("/dev/null", list, size) :
		       ret;
}

/* Programs linked with a glibc before 2.33 call these. */

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
