/* SPDX-License-Identifier: MIT */
/* environment.h - LD_PRELOAD and EXMAP_OPTIONS for the client */
#ifndef EXMAP_RUN_ENVIRONMENT_H
#define EXMAP_RUN_ENVIRONMENT_H

#include <limits.h>
#include <stdbool.h>

#include "tools/exmap-run/client.h"

/**
 * find_shim() - the shim that belongs to this launcher
 * @path: filled in
 *
 * That of the build tree or prefix that we run from, else that of the prefix we
 * were built for; by another name if LD_PRELOAD cannot hold its own. Prints what is wrong. Return: false if there is none.
 */
bool find_shim(char path[PATH_MAX]);

/** set_preload() - sanitizer runtimes, then the shim, then what was there. */
void set_preload(const struct client *client, const char *shim);

/**
 * set_option() - put one option into EXMAP_OPTIONS, over an older one of the same key
 * @option: "key=value"
 */
void set_option(const char *option);

#endif /* EXMAP_RUN_ENVIRONMENT_H */
