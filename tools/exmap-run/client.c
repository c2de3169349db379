// SPDX-License-Identifier: MIT
/* client.c - see client.h */

#define _GNU_SOURCE
#include "tools/exmap-run/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/reach.h"

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("exmap-run: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

bool client_find(struct client *client, const char *command)
{
	int ret = reach_find(client->path, command);

	if (ret)
		complain("%s: %s; give the path of a program, or a name that PATH finds", command,
			 strerror(-ret));
	return !ret;
}

/* Return: the interpreter named by a script's first line, or NULL. */
static char *script_interpreter(int fd, char *line, size_t size)
{
	ssize_t n = pread(fd, line, size - 1, 0);
	char *start = line + 2;

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return NULL;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	start += strspn(start, " \t");
	start[strcspn(start, " \t")] = '\0';
	return *start ? start : NULL;
}

/* Checks a program, or a script and its interpreter, which may be a script; @depth counts these. */
static bool check_file(struct client *client, const char *path, int depth)
{
	const char *obstacle = reach_obstacle(path);
	char line[PATH_MAX];
	char *interpreter;
	int fd;

	if (obstacle) {
		complain("%s: %s", path, obstacle);
		return false;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno == EACCES)
			return true;
		complain("%s: its interpreter %s: %s; mend its first line", client->path, path,
			 strerror(errno));
		return false;
	}
	interpreter = script_interpreter(fd, line, sizeof(line));
	close(fd);
	if (interpreter)
		return depth >= 4 || check_file(client, interpreter, depth + 1);
	client_add_runtimes(client, path);
	return true;
}

bool client_check(struct client *client)
{
	return check_file(client, client->path, 0);
}
