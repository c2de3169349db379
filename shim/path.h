/* SPDX-License-Identifier: MIT */
/* path.h - whether a path names /dev/exmap, or /dev/exmap0 to /dev/exmap4 */
#ifndef EXMAP_SHIM_PATH_H
#define EXMAP_SHIM_PATH_H

#include <errno.h>
#include <stdbool.h>

#include "emu/device.h"

/**
 * path_was_readable() - whether a call that failed with this errno has read its path
 *
 * These errnos come of looking the path up, so the kernel could read it, and we can.
 */
static inline bool path_was_readable(int error)
{
	return error == ENOENT || error == EACCES || error == ENOTDIR || error == ENXIO;
}

/**
 * path_is_exmap() - whether a path, symbolic links aside, names an exmap that the shim serves
 * @dir:  directory fd that a relative path starts from, or AT_FDCWD
 * @path: readable memory, or NULL
 * @name: set to the exmap's name, if the path is one's; may be NULL
 *
 * That is /dev/exmap, or /dev/exmap0 to /dev/exmap4, by any name of its directory, or
 * /proc/self/fd/N of an exmap's fd N, which has the name that was opened then.
 * A path with another last component costs a few instructions, these two system calls.
 *
 * Context: any thread. errno is left alone.
 */
bool path_is_exmap(int dir, const char *path, enum emu_name *name);

/**
 * path_leads_to_exmap() - whether a path names an exmap, symbolic links followed
 * @dir:    as for path_is_exmap()
 * @path:   the client's, good or bad
 * @follow: whether a symbolic link at the end of the path is followed
 * @name:   as for path_is_exmap()
 *
 * Costs a system call at least, so callers ask only where the kernel would create a
 * file, or has found none.
 *
 * Context: any thread. errno is left alone.
 */
bool path_leads_to_exmap(int dir, const char *path, bool follow, enum emu_name *name);

#endif /* EXMAP_SHIM_PATH_H */
