/* SPDX-License-Identifier: MIT */
/* client.h - the program that is to run, and whether a preloaded shim can reach it */
#ifndef EXMAP_RUN_CLIENT_H
#define EXMAP_RUN_CLIENT_H

#include <limits.h>
#include <stdbool.h>

/* Sanitizer runtimes that a program needs, and that insist on being loaded first. */
#define MAX_RUNTIMES 4

/**
 * struct client - a program
 * @path:        file to execute
 * @runtimes:    sonames of sanitizer runtimes it is linked with
 * @nr_runtimes: how many
 */
struct client {
	char path[PATH_MAX];
	char runtimes[MAX_RUNTIMES][64];
	int nr_runtimes;
};

/**
 * client_find() - look a command up in PATH, as the shell does
 *
 * Prints what is wrong. Return: false if there is no such file, or it cannot be run.
 */
bool client_find(struct client *client, const char *command);

/**
 * client_check() - see whether LD_PRELOAD works on the program
 *
 * Looks at the ELF file, or at the interpreter of a script. Prints what is in the
 * way and what to do. Return: false if something is.
 */
bool client_check(struct client *client);

/** client_add_runtimes() - the sanitizer runtimes that a library is linked with, too. */
void client_add_runtimes(struct client *client, const char *library);

/** complain() - one line on stderr, with our name before it. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* EXMAP_RUN_CLIENT_H */
