// SPDX-License-Identifier: MIT
/* client.c - see client.h */

#define _GNU_SOURCE
#include "tools/exmap-run/client.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
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

/* Notes a library that a program needs, if it is a sanitizer's runtime. */
static void add_runtime(struct client *client, const char *soname)
{
	if (strncmp(soname, "libasan.so", 10) && strncmp(soname, "libtsan.so", 10) &&
	    strncmp(soname, "libubsan.so", 11))
		return;
	for (int i = 0; i < client->nr_runtimes; i++) {
		if (!strcmp(client->runtimes[i], soname))
			return;
	}
	if (client->nr_runtimes < MAX_RUNTIMES)
		snprintf(client->runtimes[client->nr_runtimes++], sizeof(client->runtimes[0]), "%s",
			 soname);
}

static void read_dynamic(struct client *client, Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Dyn dyn;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNAMIC)
			continue;
		data = elf_getdata(section, NULL);
		for (int i = 0; data && gelf_getdyn(data, i, &dyn); i++) {
			const char *name;

			if (dyn.d_tag != DT_NEEDED)
				continue;
			name = elf_strptr(elf, header.sh_link, dyn.d_un.d_val);
			if (name)
				add_runtime(client, name);
		}
	}
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
	bool good = true;
	Elf *elf;
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
	elf = elf_begin(fd, ELF_C_READ, NULL);
	interpreter = script_interpreter(fd, line, sizeof(line));
	if (elf && elf_kind(elf) == ELF_K_ELF)
		read_dynamic(client, elf);
	else if (interpreter && depth < 4)
		good = check_file(client, interpreter, depth + 1);
	elf_end(elf);
	close(fd);
	return good;
}

bool client_check(struct client *client)
{
	elf_version(EV_CURRENT);
	return check_file(client, client->path, 0);
}

void client_add_runtimes(struct client *client, const char *library)
{
	int fd = open(library, O_RDONLY | O_CLOEXEC);
	Elf *elf;

	if (fd < 0)
		return;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		read_dynamic(client, elf);
	elf_end(elf);
	close(fd);
}
