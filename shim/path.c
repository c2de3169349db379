// SPDX-License-Identifier: MIT
/* path.c - see path.h */

#define _GNU_SOURCE
#include "shim/path.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "emu/options.h"
#include "emu/sys.h"
#include "shim/fdtable.h"

/* Whether the first @len bytes of @path name the directory @other: the same inode, by any name. */
static bool is_directory(int dir, const char *path, size_t len, const char *other)
{
	char copy[PATH_MAX];
	struct stat here;
	struct stat there;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, path, len);
	copy[len] = '\0';
	return !emu_sys(SYS_newfstatat, dir, len ? copy : ".", &here, 0) &&
	       !emu_sys(SYS_newfstatat, AT_FDCWD, other, &there, 0) &&
	       here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

/*
 * The number that is the last component of a path such as /proc/self/fd/3, or -1. Not by strtol(),
 * which sets errno where the number is too large.
 */
static int fd_of(const char *last)
{
	int fd = 0;

	if (!*last || (*last == '0' && last[1]))
		return -1;
	for (; *last; last++) {
		if (*last < '0' || *last > '9' || fd >= EMU_MAX_FDS)
			return -1;
		fd = fd * 10 + (*last - '0');
	}
	return fd;
}

/* Whether the last component of a path is a name of the device. */
static bool is_name(const char *last, enum emu_name *name)
{
	const char *number = last + strlen("exmap");

	if (strncmp(last, "exmap", number - last) || (*number && number[1]))
		return false;
	*name = EMU_NAME_PLAIN;
	if (*number)
		*name += *number - '0' + 1;
	return !*number || (*number >= '0' && *name <= EMU_NAME_LAST);
}

bool path_is_exmap(int dir, const char *path, enum emu_name *name)
{
	enum emu_name unused;
	const char *slash;
	const char *last;

	if (!path)
		return false;
	if (!name)
		name = &unused;
	slash = strrchr(path, '/');
	last = slash ? slash + 1 : path;
	if (is_name(last, name))
		return emu_options()->backend != EMU_BACKEND_MODULE &&
		       is_directory(dir, path, last - path, "/dev");
	return fdtable_any() && fdtable_name(fd_of(last), name) &&
	       (is_directory(dir, path, last - path, "/proc/self/fd") ||
		is_directory(dir, path, last - path, "/proc/thread-self/fd"));
}

/* Longer targets or chains of symbolic links are not followed: nobody links to /dev/exmap so. */
#define MAX_TARGET 256
#define MAX_LINKS 8

/*
 * Makes @next the path that the symbolic link at @path points to. @next may be @path itself.
 * Return: 0, or a negative errno, -EINVAL if there is no link at @path.
 */
static long follow_link(int dir, const char *path, char next[2 * MAX_TARGET])
{
	char target[MAX_TARGET];
	long n = emu_sys(SYS_readlinkat, dir, path, target, sizeof(target));
	const char *slash;
	size_t len;

	if (n < 0)
		return n;
	if (n == sizeof(target))
		return -ENAMETOOLONG;
	slash = *target == '/' ? NULL : strrchr(path, '/');
	len = slash ? slash + 1 - path : 0;
	if (len + n >= 2 * MAX_TARGET)
		return -ENAMETOOLONG;
	memmove(next, path, len);
	memcpy(next + len, target, n);
	next[len + n] = '\0';
	return 0;
}

bool path_leads_to_exmap(int dir, const char *path, bool follow, enum emu_name *name)
{
	char next[2 * MAX_TARGET];
	long ret = follow_link(dir, path, next);

	/* readlinkat() has read the path: unless it says otherwise, it can be read here. */
	if (ret == -EFAULT || ret == -ENAMETOOLONG)
		return false;
	if (path_is_exmap(dir, path, name))
		return true;
	for (int i = 1; follow && !ret && i < MAX_LINKS; i++) {
		if (path_is_exmap(dir, next, name))
			return true;
		ret = follow_link(dir, next, next);
	}
	return false;
}
