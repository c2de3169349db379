// SPDX-License-Identifier: MIT
/* trace.c - see trace.h */

#define _GNU_SOURCE
#include "tools/exmap-run/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emu/trace_format.h"
#include "tools/exmap-run/client.h"
#include "tools/exmap-run/environment.h"

/* Whether a file is a trace, or empty. */
static bool is_trace(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char magic[sizeof(((struct emu_trace_header *)0)->magic)];
	struct stat st;
	bool found = false;

	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		found = !st.st_size || (read(fd, magic, sizeof(magic)) == sizeof(magic) &&
					!memcmp(magic, EMU_TRACE_MAGIC, sizeof(magic)));
	close(fd);
	return found;
}

/* Removes the trace of an earlier run. Return: false, after a message, if something else is there. */
static bool make_way(const char *file)
{
	struct stat st;

	if (lstat(file, &st))
		return true;
	if (!is_trace(file)) {
		complain("--trace=%s: that exists and is no trace; name another file", file);
		return false;
	}
	if (unlink(file)) {
		complain("--trace=%s: %s; name another file", file, strerror(errno));
		return false;
	}
	return true;
}

/* The file's absolute path: the client may change its folder. Return: false, after a message. */
static bool make_absolute(const char *file, char path[PATH_MAX])
{
	char copy[PATH_MAX], copy2[PATH_MAX], folder[PATH_MAX];
	int n;

	snprintf(copy, sizeof(copy), "%s", file);
	snprintf(copy2, sizeof(copy2), "%s", file);
	if (!realpath(dirname(copy), folder) || access(folder, W_OK)) {
		complain("--trace=%s: %s; name a file in a folder that can be written", file,
			 strerror(errno));
		return false;
	}
	n = snprintf(path, PATH_MAX, "%s/%s", folder, basename(copy2));
	if (n < PATH_MAX)
		return true;
	complain("--trace=%s: the path is too long", file);
	return false;
}

bool trace_option(const char *file)
{
	char path[PATH_MAX];
	char *option;

	if (!*file) {
		complain("--trace: no file named; --trace=FILE");
		return false;
	}
	if (!make_absolute(file, path))
		return false;
	if (strchr(path, ':')) {
		complain("--trace=%s: EXMAP_OPTIONS cannot hold a path with a colon (%s); name "
			 "another file",
			 file, path);
		return false;
	}
	if (!make_way(path))
		return false;
	if (asprintf(&option, "trace=%s", path) < 0) {
		complain("out of memory");
		return false;
	}
	set_option(option);
	free(option);
	return true;
}
