// SPDX-License-Identifier: MIT
/* path.c - see path.h */

#define _GNU_SOURCE
#include "shim/path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "emu/options.h"
#include "emu/sys.h"

/* Whether the components before the last one are those of /dev. */
static bool in_dev(const char *path, size_t len)
{
	bool seen = false;

	while (len) {
		size_t n = 0;

		while (n < len && path[n] != '/')
			n++;
		if (n && !(n == 1 && path[0] == '.')) {
			if (seen || n != 3 || memcmp(path, "dev", 3))
				return false;
			seen = true;
		}
		path += n;
		len -= n;
		while (len && *path == '/') {
			path++;
			len--;
		}
	}
	return seen;
}

static bool dir_is_dev(int dir)
{
	char link[64];
	char target[PATH_MAX];
	long len;

	if (dir == AT_FDCWD)
		strcpy(link, "/proc/self/cwd");
	else
		snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	len = emu_sys(SYS_readlinkat, AT_FDCWD, link, target, sizeof(target));
	return len == 4 && !memcmp(target, "/dev", 4);
}

bool path_is_exmap(int dir, const char *path)
{
	const char *last;
	size_t before;

	if (!path)
		return false;
	last = strrchr(path, '/');
	if (strcmp(last ? last + 1 : path, "exmap"))
		return false;
	before = last ? (size_t)(last - path) + 1 : 0;
	if (emu_options()->backend == EMU_BACKEND_MODULE)
		return false;
	if (path[0] == '/')
		return in_dev(path, before);
	for (size_t i = 0; i < before; i++) {
		if (path[i] != '/' && path[i] != '.')
			return false;
	}
	return !strstr(path, "..") && dir_is_dev(dir);
}
