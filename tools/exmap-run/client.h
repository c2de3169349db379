/* SPDX-License-Identifier: MIT */
/* client.h - the program to run, and whether LD_PRELOAD works on it */
#ifndef EXMAP_RUN_CLIENT_H
#define EXMAP_RUN_CLIENT_H

#include <limits.h>
#include <stdbool.h>

/* Sanitizer runtimes noted at most. They refuse to run if another library is loaded before. */
#define MAX_RUNTIMES 4

/**
 * struct client - a program to run
 * @path:        the file to execute
 * @runtimes:    sonames of the sanitizer runtimes that it, or the shim, is linked with
 * @nr_runtimes: number of runtimes
 */
struct client {
	char path[PATH_MAX];
	char runtimes[MAX_RUNTIMES][64];
	int nr_runtimes;
};

/**
 * client_find() - find a command, in PATH as the shell does, and set client->path
 *
 * Return: false, after a message, if there is no such file or it cannot be executed.
 */
bool client_find(struct client *client, const char *command);

/**
 * client_check() - check that LD_PRELOAD works on the program, and note its sanitizer runtimes
 *
 * For a script, checks its interpreter.
 *
 * Return: false, after a message, if LD_PRELOAD does not work.
 */
bool client_check(struct client *client);

/** client_add_runtimes() - note the sanitizer runtimes that a program or a library is linked with. */
void client_add_runtimes(struct client *client, const char *path);

/** complain() - print one line on stderr, with "exmap-run: " before it. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* EXMAP_RUN_CLIENT_H */
