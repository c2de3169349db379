// SPDX-License-Identifier: MIT
/*
 * find_syscalls.c - see find_syscalls.h
 *
 * In most programs nothing looks like the instruction, and the search is over. Where something does,
 * calls_in_text.c looks closer.
 */

#include "shim/real.h"
#include "shim/find_syscalls.h"

#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

#include "shim/calls_in_text.h"

/*
 * Whether a file does not count: the trap lets libc's calls pass, and the others' are on no
 * exmap.
 */
static bool is_excepted(const char *path)
{
	static const char *const names[] = {
		"libc.so.",   "ld-linux",    "libpthread",   "linux-vdso", "libasan.so",
		"libtsan.so", "libubsan.so", "liblsan.so",   "libgomp.so", "libitm.so",
		"libunwind",  "libZydis.so", "libZycore.so",
	};
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strncmp(name, names[i], strlen(names[i])))
			return true;
	}
	return false;
}

/* Whether an address is inside a loaded file. */
static bool has_address(const struct dl_phdr_info *info, const void *address)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    (uintptr_t)address - start < info->dlpi_phdr[i].p_memsz)
			return true;
	}
	return false;
}

static int look_at(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char **where = arg;

	(void)size;
	/* The shim itself does not count: once the trap is on, its calls go through the gate. */
	if (is_excepted(info->dlpi_name) || has_address(info, is_excepted))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		const unsigned char *text = (unsigned char *)info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type != PT_LOAD ||
		    (segment->p_flags & (PF_X | PF_R)) != (PF_X | PF_R))
			continue;
		if (!calls_in_text(text, segment->p_filesz))
			continue;
		*where = *info->dlpi_name ? info->dlpi_name : program_invocation_name;
		return 1;
	}
	return 0;
}

const char *find_syscalls(void)
{
	const char *where = NULL;

	/* To look closer may load a library, which would change the list that a walk goes along. */
	if (!dl_iterate_phdr(look_at, &where))
		return NULL;
	where = NULL;
	if (calls_look_closer())
		dl_iterate_phdr(look_at, &where);
	calls_end();
	return where;
}
