// SPDX-License-Identifier: MIT
/* runtimes.c - which sanitizers' runtimes a program or a library is linked with; see client.h */

#include "tools/exmap-run/client.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

void client_add_runtimes(struct client *client, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
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
