/* SPDX-License-Identifier: MIT */
/* scan.h - which programs and libraries make system calls without libc */
#ifndef EXMAP_RUN_SCAN_H
#define EXMAP_RUN_SCAN_H

#include <limits.h>
#include <stdbool.h>

#include "tools/exmap-run/client.h"

/**
 * scan_client() - look for system call instructions in a client and its libraries
 * @client: checked
 * @where:  filled in with the first file that has some
 *
 * libc itself, the loader and the sanitizers' runtimes do not count. What the
 * client loads later is not seen.
 *
 * Return: whether there are any.
 */
bool scan_client(const struct client *client, char where[PATH_MAX]);

#endif /* EXMAP_RUN_SCAN_H */
