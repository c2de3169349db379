// SPDX-License-Identifier: MIT
/* alias.c - see alias.h */

#define _GNU_SOURCE
#include "tools/exmap-run/alias.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool alias_needed(const char *path)
{
	return strpbrk(path, " :$") != NULL;
}

/*
 * Makes a folder, unless it is there and only this user can change it. In /tmp another user may
 * have made a folder of that name, to have programs load a library of his.
 */
static bool make_own(const char *dir)
{
	struct stat st;

	/* Readable by all: a client may change its user and then execute a program. */
	if (mkdir(dir, 0755) && errno != EEXIST)
		return false;
	if (lstat(dir, &st))
		return false;
	if (S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022))
		return true;
	errno = EPERM;
	return false;
}

static bool leads_to(const char *link, const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(link, target, sizeof(target));

	return n == (ssize_t)strlen(path) && !memcmp(target, path, n);
}

/*
 * Makes a link under a name of its own, and renames that. Another exmap-run may do the same at
 * the same time; either link will do, and at no moment is there none.
 */
static bool make_link(const char *link, const char *path)
{
	char *fresh;
	bool made;

	if (asprintf(&fresh, "%s.%d", link, (int)getpid()) < 0)
		return false;
	made = !symlink(path, fresh) && !rename(fresh, link);
	if (!made)
		unlink(fresh);
	free(fresh);
	return made;
}

/*
 * Makes the link PLACE/exmap-run-UID/DEVICE-INODE/NAME, where device and inode are those of the
 * file's folder. Example: /tmp/exmap-run-1000/fe01-2a3b/libexmap-shim.so.
 */
static bool make_in(const char *place, const char *path, const struct stat *folder,
		    char link[PATH_MAX])
{
	char user[64], dir[128];

	snprintf(user, sizeof(user), "%s/exmap-run-%u", place, geteuid());
	snprintf(dir, sizeof(dir), "%s/%lx-%lx", user, (long)folder->st_dev, (long)folder->st_ino);
	if (!make_own(user) || !make_own(dir))
		return false;
	snprintf(link, PATH_MAX, "%s/%s", dir, strrchr(path, '/') + 1);
	return leads_to(link, path) || make_link(link, path);
}

bool alias_make(char path[PATH_MAX])
{
	static const char *const places[] = { "/tmp", "/var/tmp", "/dev/shm" };
	char link[PATH_MAX], parent[PATH_MAX];
	struct stat folder;

	strcpy(parent, path);
	if (stat(dirname(parent), &folder))
		return false;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (make_in(places[i], path, &folder, link)) {
			strcpy(path, link);
			return true;
		}
	}
	return false;
}
