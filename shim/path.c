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

/* Whether a directory is /dev, by whatever name. */
static bool is_dev(int dir, const char *path, size_t len)
{
	char copy[PATH_MAX];
	struct stat here;
	struct stat dev;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, path, len);
	copy[len] = '\0';
	return !emu_sys(SYS_newfstatat, dir, len ? copy : ".", &here, 0) &&
	       !emu_sys(SYS_newfstatat, AT_FDCWD, "/dev", &dev, 0) && here.st_dev == dev.st_dev &&
	       here.st_ino == dev.st_ino;
}

bool path_is_exmap(int dir, const char *path)
{
	const char *slash;
	const char *last;

	if (!path)
		return false;
	slash = strrchr(path, '/');
	last = slash ? slash + 1 : path;
	return !strcmp(last, "exmap") && emu_options()->backend != EMU_BACKEND_MODULE &&
	       is_dev(dir, path, last - path);
}
