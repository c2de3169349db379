// SPDX-License-Identifier: MIT
/* scan.c - see scan.h */

#define _GNU_SOURCE
#include "tools/exmap-run/scan.h"

#include <Zydis/Zydis.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* From so far before, decoding has long fallen into step with the instructions. */
#define RUN_UP 192
/* What stands so near a real one is code, and not a table of numbers among it. */
#define NEAR 24

extern char **environ;

/*
 * Decodes from one place to another. Return: where it ended; *bad is set to behind
 * the last bytes that no program has.
 */
static size_t decode(const ZydisDecoder *decoder, const unsigned char *text, size_t at, size_t to,
		     size_t len, size_t *bad)
{
	ZydisDecodedInstruction instruction;

	while (at < to) {
		if (ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(decoder, NULL, text + at, len - at,
							       &instruction)) &&
		    !(instruction.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED)) {
			at += instruction.length;
		} else {
			at++;
			*bad = at;
		}
	}
	return at;
}

/* Whether the two bytes at @hit are an instruction, and not the inside of another, nor data. */
static bool is_instruction(const ZydisDecoder *decoder, const unsigned char *text, size_t hit,
			   size_t len)
{
	size_t from = hit > RUN_UP ? hit - RUN_UP : 0;
	size_t to = len - hit > NEAR ? hit + NEAR : len;
	size_t bad = 0;

	if (decode(decoder, text, from, hit, len, &bad) != hit || (bad && bad + NEAR > hit))
		return false;
	bad = 0;
	decode(decoder, text, hit, to, len, &bad);
	return !bad;
}

static bool text_has_calls(const unsigned char *text, size_t len)
{
	static const unsigned char call[] = { 0x0f, 0x05 };
	const unsigned char *end = text + len;
	const unsigned char *hit = text;
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	while ((hit = memmem(hit, end - hit, call, sizeof(call)))) {
		if (is_instruction(&decoder, text, hit - text, len))
			return true;
		hit++;
	}
	return false;
}

static bool elf_has_calls(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_PROGBITS ||
		    !(header.sh_flags & SHF_EXECINSTR))
			continue;
		data = elf_rawdata(section, NULL);
		if (data && data->d_buf && text_has_calls(data->d_buf, data->d_size))
			return true;
	}
	return false;
}

static bool file_has_calls(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool found = false;
	Elf *elf;

	if (fd < 0)
		return false;
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		found = elf_has_calls(elf);
	elf_end(elf);
	close(fd);
	return found;
}

/* libc, whose calls pass, and libraries that make only such as are no client's to a file. */
static bool is_excepted(const char *path)
{
	static const char *const names[] = {
		"libc.so.",    "ld-linux",   "libpthread", "libasan.so", "libtsan.so",
		"libubsan.so", "liblsan.so", "libgomp.so", "libitm.so",	 "libunwind",
	};
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strncmp(name, names[i], strlen(names[i])))
			return true;
	}
	return false;
}

/* The loader prints what it would load, as for ldd. Return: its output, or NULL. */
static FILE *list_libraries(const struct client *client, pid_t *pid)
{
	char *argv[] = { (char *)client->interpreter, "--list", (char *)client->program, NULL };
	posix_spawn_file_actions_t actions;
	int ends[2];
	int error;

	if (pipe2(ends, O_CLOEXEC))
		return NULL;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	error = posix_spawn(pid, client->interpreter, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (!error)
		return fdopen(ends[0], "r");
	close(ends[0]);
	return NULL;
}

static bool scan_libraries(const struct client *client, char where[PATH_MAX])
{
	char line[PATH_MAX + 256];
	bool found = false;
	FILE *list;
	pid_t pid;

	list = list_libraries(client, &pid);
	if (!list)
		return false;
	while (fgets(line, sizeof(line), list)) {
		char *path = strchr(line, '/');

		if (found || !path)
			continue;
		/* "name => /path (0xaddress)" */
		path[strcspn(path, " \n")] = '\0';
		if (is_excepted(path) || !file_has_calls(path))
			continue;
		snprintf(where, PATH_MAX, "%s", path);
		found = true;
	}
	fclose(list);
	waitpid(pid, NULL, 0);
	return found;
}

bool scan_client(const struct client *client, char where[PATH_MAX])
{
	if (!*client->program)
		return false;
	if (file_has_calls(client->program)) {
		snprintf(where, PATH_MAX, "%s", client->program);
		return true;
	}
	return scan_libraries(client, where);
}
