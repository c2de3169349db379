/* SPDX-License-Identifier: MIT */
/*
 * reach.h - whether LD_PRELOAD puts the shim into a program
 *
 * For the launcher, and for the shim in what executes programs: a child of vfork()
 * included, so that nothing here allocates, takes a lock or calls what the shim stands in for.
 */
#ifndef EXMAP_SHIM_REACH_H
#define EXMAP_SHIM_REACH_H

#include <limits.h>
#include <stdbool.h>

/**
 * reach_find() - look a command up in PATH, as the shell does
 * @out:     the file's path
 * @command: a path if it has a slash
 *
 * Return: 0, or why there is none that could be executed, a negative errno.
 */
int reach_find(char out[PATH_MAX], const char *command);

/**
 * reach_obstacle() - what keeps the loader from putting the shim into a program
 * @path: of the file; it may be a script, of which nothing is said, or not be there
 *
 * Return: the obstacle and the way out, to stand behind "PATH: "; NULL if none is seen.
 */
const char *reach_obstacle(const char *path);

/** reach_is_client() - whether a program is likely to be a client of exmap: it names the device. */
bool reach_is_client(const char *path);

#endif /* EXMAP_SHIM_REACH_H */
