/* SPDX-License-Identifier: MIT */
/* environment.h - sets LD_PRELOAD and EXMAP_OPTIONS for the client */
#ifndef EXMAP_RUN_ENVIRONMENT_H
#define EXMAP_RUN_ENVIRONMENT_H

#include <limits.h>
#include <stdbool.h>

#include "tools/exmap-run/client.h"

/** own_folder() - the folder that exmap-run is in; @self has the memory for it. */
const char *own_folder(char self[PATH_MAX]);

/**
 * find_shim() - find the shim that belongs to this exmap-run
 * @path: set to a path that can stand in LD_PRELOAD
 *
 * Looks in the build tree or prefix that exmap-run itself is in, then in the prefix that it was
 * configured for. If the shim's path cannot stand in LD_PRELOAD, @path is a link, see alias.h.
 *
 * Return: false, after a message, if there is no shim, or no link to it can be made.
 */
bool find_shim(char path[PATH_MAX]);

/** set_preload() - set LD_PRELOAD: sanitizer runtimes, then the shim, then what was there. */
void set_preload(const struct client *client, const char *shim);

/** set_symbols() - name the program that knows functions and lines, for reports. */
void set_symbols(void);

/** set_suppressions() - tell valgrind which of the emulator's doings are no errors of the client. */
void set_suppressions(void);

/**
 * set_option() - add an option to EXMAP_OPTIONS, in place of one with the same key
 * @option: "key=value"
 */
void set_option(const char *option);

#endif /* EXMAP_RUN_ENVIRONMENT_H */
