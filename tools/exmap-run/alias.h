/* SPDX-License-Identifier: MIT */
/* alias.h - another name for a file whose own name LD_PRELOAD cannot hold */
#ifndef EXMAP_RUN_ALIAS_H
#define EXMAP_RUN_ALIAS_H

#include <limits.h>
#include <stdbool.h>

/**
 * alias_needed() - whether the loader would read the path as something else
 *
 * It takes a space and a colon for the end of a name, and replaces what begins with a dollar.
 */
bool alias_needed(const char *path);

/**
 * alias_make() - a link to a file, under a name that the loader reads as it is
 * @path: absolute; the link's path on success
 *
 * The link stays, as the client and its children need it: one for each folder that has
 * such a file, where nobody else can change it. Return: false with errno if there is no
 * place for it.
 */
bool alias_make(char path[PATH_MAX]);

#endif /* EXMAP_RUN_ALIAS_H */
