/* SPDX-License-Identifier: MIT */
/* path.h - is it /dev/exmap? */
#ifndef EXMAP_SHIM_PATH_H
#define EXMAP_SHIM_PATH_H

#include <errno.h>
#include <stdbool.h>

/** path_was_read() - whether the kernel has got as far as the path when it gave this errno. */
static inline bool path_was_read(int error)
{
	return error == ENOENT || error == EACCES || error == ENOTDIR || error == ENXIO;
}

/**
 * path_is_exmap() - whether a path names /dev/exmap, or an fd of it, and we serve it
 * @dir:  directory fd that a relative path starts from, or AT_FDCWD
 * @path: the client's
 *
 * Looks at the last component first: other paths cost a few instructions.
 */
bool path_is_exmap(int dir, const char *path);

/**
 * path_leads_to_exmap() - the same for any pointer, and through symbolic links
 * @follow: whether a link at the end is followed
 *
 * A system call: for calls that would make a file, and those that found none.
 */
bool path_leads_to_exmap(int dir, const char *path, bool follow);

#endif /* EXMAP_SHIM_PATH_H */
