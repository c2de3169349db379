/* SPDX-License-Identifier: MIT */
/* alias.h - a link to a file whose own path cannot stand in LD_PRELOAD, or in valgrind's options */
#ifndef EXMAP_RUN_ALIAS_H
#define EXMAP_RUN_ALIAS_H

#include <limits.h>
#include <stdbool.h>

/**
 * alias_needed() - whether a path cannot stand in LD_PRELOAD
 *
 * The loader ends a name at a space or colon, and expands what begins with a dollar sign.
 */
bool alias_needed(const char *path);

/**
 * alias_make() - make a link to a file, with a path that can stand in LD_PRELOAD
 * @path: absolute path of the file; replaced by the link's path on success
 *
 * The link is in a folder that only this user can change. It is never removed, because the client
 * and its children may need it at any time; there is one for each folder of such a file.
 *
 * Return: false with errno if no place permits it.
 */
bool alias_make(char path[PATH_MAX]);

#endif /* EXMAP_RUN_ALIAS_H */
