// SPDX-License-Identifier: MIT
/* path.c - see path.h */

#define _GNU_SOURCE
#include "shim/path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "emu/options.h"
#include "emu/sys.h"
#include "shim/fdtable.h"

/* Whether the directory that is the first @len bytes of a path is another, by whatever name. */
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

/* The fd that a path such as /proc/self/fd/3 would open again, or -1. */
static int fd_of(const char *last)
{
	char *end;
	long fd;

	if (*last < '0' || *last > '9')
		return -1;
	fd = strtol(last, &end, 10);
	return *end || fd > INT_MAX ? -1 : fd;
}

bool path_is_exmap(int dir, const char *path)
{
	const char *slash;
	const char *last;

	if (!path)
		return false;
	slash = strrchr(path, '/');
	last = slash ? slash + 1 : path;
	if (!strcmp(last, "exmap"))
		return emu_options()->backend != EMU_BACKEND_MODULE &&
		       is_directory(dir, path, last - path, "/dev");
	return fdtable_any() && fdtable_read(fd_of(last)) &&
	       (is_directory(dir, path, last - path, "/proc/self/fd") ||
		is_directory(dir, path, last - path, "/proc/thread-self/fd"));
}
