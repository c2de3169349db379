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
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("exmap-run: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

/* Whether it can be executed; errno says why not. */
static bool runnable(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return false;
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return false;
	}
	return !access(path, X_OK);
}

static bool find_in_path(char *out, const char *command)
{
	const char *path = getenv("PATH");
	char *copy = strdup(path ? path : "/usr/local/bin:/usr/bin:/bin");
	int reason = ENOENT;
	bool found = false;
	char *rest = copy;
	char *dir;

	while (copy && !found && (dir = strsep(&rest, ":"))) {
		if (snprintf(out, PATH_MAX, "%s/%s", *dir ? dir : ".", command) >= PATH_MAX)
			continue;
		found = runnable(out);
		if (!found && errno != ENOENT && errno != ENOTDIR)
			reason = errno;
	}
	free(copy);
	errno = reason;
	return found;
}

bool client_find(struct client *client, const char *command)
{
	bool found;

	if (strchr(command, '/')) {
		snprintf(client->path, sizeof(client->path), "%s", command);
		found = runnable(client->path);
	} else {
		found = find_in_path(client->path, command);
	}
	if (!found)
		complain("%s: %s; give the path of a program, or a name that PATH finds", command,
			 strerror(errno));
	return found;
}

/* The loader ignores LD_PRELOAD for programs that gain rights. */
static bool gains_rights(const char *path)
{
	struct stat st;

	return (!stat(path, &st) && st.st_mode & (S_ISUID | S_ISGID)) ||
	       getxattr(path, "security.capability", NULL, 0) > 0;
}

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

/* Which loader a program asks for. Return: false if for none. */
static bool read_interpreter(char out[PATH_MAX], int fd, Elf *elf)
{
	GElf_Phdr header;
	size_t n = 0;

	elf_getphdrnum(elf, &n);
	for (size_t i = 0; i < n; i++) {
		if (!gelf_getphdr(elf, i, &header) || header.p_type != PT_INTERP ||
		    header.p_filesz >= PATH_MAX)
			continue;
		return pread(fd, out, header.p_filesz, header.p_offset) == (ssize_t)header.p_filesz;
	}
	return false;
}

static bool is_of_go(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, &header))
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (name && !strcmp(name, ".go.buildinfo"))
			return true;
	}
	return false;
}

static bool check_elf(struct client *client, const char *path, int fd, Elf *elf)
{
	char interpreter[PATH_MAX];
	GElf_Ehdr header;

	if (!gelf_getehdr(elf, &header) || gelf_getclass(elf) != ELFCLASS64 ||
	    header.e_machine != EM_X86_64) {
		complain("%s: not a program for 64-bit x86, so the shim cannot be loaded into it; "
			 "build it for x86-64",
			 path);
		return false;
	}
	if (!read_interpreter(interpreter, fd, elf)) {
		complain("%s: statically linked, so LD_PRELOAD cannot reach it; %s", path,
			 is_of_go(elf) ? "build it with cgo (import \"C\", CGO_ENABLED=1)" :
					 "link it dynamically");
		return false;
	}
	if (strstr(interpreter, "/ld-musl")) {
		complain("%s: linked with musl, and the shim is made for glibc; link it with glibc",
			 path);
		return false;
	}
	read_dynamic(client, elf);
	return true;
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

static bool check_file(struct client *client, const char *path, int depth)
{
	char line[PATH_MAX];
	char *interpreter;
	bool good = true;
	Elf *elf;
	int fd;

	if (gains_rights(path)) {
		complain("%s: setuid, setgid or with file capabilities, so the loader ignores the "
			 "shim; run a copy without (cp drops them)",
			 path);
		return false;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		/* It may be run without being read; then it has to be as it is. */
		if (errno == EACCES)
			return true;
		complain("%s: its interpreter %s: %s; mend its first line", client->path, path,
			 strerror(errno));
		return false;
	}
	elf = elf_begin(fd, ELF_C_READ, NULL);
	interpreter = script_interpreter(fd, line, sizeof(line));
	if (elf && elf_kind(elf) == ELF_K_ELF)
		good = check_elf(client, path, fd, elf);
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
