// SPDX-License-Identifier: MIT
/* reach.c - see reach.h */

#define _GNU_SOURCE
#include "shim/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emu/sys.h"
#include "shim/machine.h"

/*
 * Why the shim does not reach a program that is linked with musl, and one that is linked with glibc, and
 * the way out. NULL for the libc that the shim itself is built for.
 */
#ifdef __GLIBC__
#define REACH_MUSL                                                               \
	"linked with musl, and the shim is made for glibc; link it with glibc, " \
	"or preload the shim of cmake --preset musl"
#define REACH_GLIBC NULL
#else
#define REACH_MUSL NULL
#define REACH_GLIBC "not linked with musl, which the shim is made for; link it with musl"
#endif

static int runnable(const char *path)
{
	struct stat st;
	int ret = emu_sys(SYS_newfstatat, AT_FDCWD, path, &st, 0);

	if (!ret && S_ISDIR(st.st_mode))
		return -EISDIR;
	return ret ? ret : (int)emu_sys(SYS_faccessat, AT_FDCWD, path, X_OK);
}

int reach_find(char out[PATH_MAX], const char *command)
{
	const char *dir = getenv("PATH");
	const char *end;
	int reason = -ENOENT;

	if (strchr(command, '/')) {
		snprintf(out, PATH_MAX, "%s", command);
		return runnable(out);
	}
	if (!dir)
		dir = "/usr/local/bin:/usr/bin:/bin";
	for (;; dir = end + 1) {
		int len, ret;

		end = strchrnul(dir, ':');
		len = end - dir;
		if (snprintf(out, PATH_MAX, "%.*s/%s", len ? len : 1, len ? dir : ".", command) <
		    PATH_MAX) {
			ret = runnable(out);
			if (!ret)
				return 0;
			if (ret != -ENOENT && ret != -ENOTDIR)
				reason = ret;
		}
		if (!*end)
			return reason;
	}
}

/* The loader ignores LD_PRELOAD for programs that gain rights. */
static bool gains_rights(const char *path)
{
	struct stat st;

	return (!emu_sys(SYS_newfstatat, AT_FDCWD, path, &st, 0) &&
		st.st_mode & (S_ISUID | S_ISGID)) ||
	       emu_sys(SYS_getxattr, path, "security.capability", NULL, 0) > 0;
}

static bool read_at(int fd, void *to, size_t n, off_t offset)
{
	return emu_sys(SYS_pread64, fd, to, n, offset) == (long)n;
}

/* Which loader a program asks for. Return: false if for none. */
static bool read_interpreter(char out[PATH_MAX], int fd, const Elf64_Ehdr *header)
{
	Elf64_Phdr segment;

	for (int i = 0; i < header->e_phnum; i++) {
		if (!read_at(fd, &segment, sizeof(segment),
			     header->e_phoff + i * header->e_phentsize))
			return false;
		if (segment.p_type != PT_INTERP || segment.p_filesz >= PATH_MAX)
			continue;
		out[segment.p_filesz] = '\0';
		return read_at(fd, out, segment.p_filesz, segment.p_offset);
	}
	return false;
}

static const char *look_at_elf(int fd)
{
	char interpreter[PATH_MAX];
	Elf64_Ehdr header;

	/* So much of the header is the same for all machines. */
	if (!read_at(fd, &header, offsetof(Elf64_Ehdr, e_version), 0) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG))
		return NULL;
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != MACHINE_ELF)
		return "not a program for " MACHINE_NAME ", so the shim cannot be loaded into it; "
		       "build it for " MACHINE_NAME;
	if (!read_at(fd, &header, sizeof(header), 0))
		return NULL;
	if (!read_interpreter(interpreter, fd, &header))
		return "statically linked, so LD_PRELOAD cannot reach it; link it dynamically "
		       "(Go: with cgo, import \"C\" and CGO_ENABLED=1), or link libexmap-emu into it";
	return strstr(interpreter, "/ld-musl") ? REACH_MUSL : REACH_GLIBC;
}

const char *reach_obstacle(const char *path)
{
	const char *obstacle;
	int fd;

	if (gains_rights(path))
		return "setuid, setgid or with file capabilities, so the loader ignores the shim; "
		       "run a copy without (cp drops them)";
	fd = emu_sys(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	/* It may be run without being read; then it has to be as it is. */
	if (fd < 0)
		return NULL;
	obstacle = look_at_elf(fd);
	emu_sys(SYS_close, fd);
	return obstacle;
}

bool reach_is_client(const char *path)
{
	int fd = emu_sys(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	struct stat st;
	bool found = false;
	void *content;

	if (fd < 0)
		return false;
	if (!emu_sys(SYS_fstat, fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0) {
		content =
			(void *)emu_sys(SYS_mmap, NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (!emu_is_error(content)) {
			found = memmem(content, st.st_size, "/dev/exmap", 10);
			emu_sys(SYS_munmap, content, st.st_size);
		}
	}
	emu_sys(SYS_close, fd);
	return found;
}
