// SPDX-License-Identifier: MIT
/* module.c - see module.h; kmod/debug.c writes what is read here */

#include "tools/exmap-top/module.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/exmap-top/client.h"

#define MAX_INTERFACES 256

static FILE *open_file(const char *folder, const char *exmap, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s/%s", folder, exmap, name);
	return fopen(path, "re");
}

static bool read_frames(const char *folder, const char *exmap, struct exmap_figures *x)
{
	FILE *file = open_file(folder, exmap, "frames");
	int n = 0;

	if (!file)
		return false;
	n = fscanf(file, "frames %" SCNu64 " mapped %" SCNu64, &x->frames, &x->resident);
	fclose(file);
	return n == 2;
}

/* Return: number of interfaces. */
static size_t read_interfaces(const char *folder, const char *exmap,
			      struct interface_figures figures[MAX_INTERFACES])
{
	FILE *file = open_file(folder, exmap, "interfaces");
	char line[256];
	size_t n = 0;

	/* The first line names the columns. A module before the last column was added lacks it. */
	while (file && n < MAX_INTERFACES && fgets(line, sizeof(line), file)) {
		struct interface_figures f = { 0 };

		if (sscanf(line,
			   "%*u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
			   " %" SCNu64 " %" SCNu64,
			   &f.free, &f.steals, &f.actions, &f.allocated, &f.freed, &f.bytes_read,
			   &f.largest) >= 6)
			figures[n++] = f;
	}
	if (file)
		fclose(file);
	return n;
}

void module_look(const char *folder, int pid, struct snapshot *s)
{
	static struct interface_figures figures[MAX_INTERFACES];
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct exmap_figures *x;
		uint64_t serial;
		int owner;

		if (sscanf(entry->d_name, "%d-%" SCNu64, &owner, &serial) != 2 ||
		    (pid && pid != owner))
			continue;
		x = snapshot_add(s, owner, read_interfaces(folder, entry->d_name, figures));
		memcpy(x->interfaces, figures, x->nr_interfaces * sizeof(*figures));
		x->module = true;
		x->serial = serial;
		strcpy(x->strategy, "module");
		client_name(x);
		/* The exmap ended while it was read. */
		if (!read_frames(folder, entry->d_name, x))
			snapshot_drop(s, s->n - 1);
	}
	if (dir)
		closedir(dir);
}
