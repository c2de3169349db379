// SPDX-License-Identifier: MIT
/* client.c - see client.h */

#define _GNU_SOURCE
#include "tools/exmap-top/client.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Numbers above these are garbage, from memory that is something else now. */
#define MAX_EXMAPS 4096
#define MAX_INTERFACES 256
#define MAX_PAGES (1ULL << 36)

/* The exmaps change while they are looked at. After so many vain looks they are left out. */
#define TRIES 3

/* A process that the kernel does not let us see, unlike one that has ended. */
static enum client_state refused(int error)
{
	return error == EPERM || error == EACCES ? CLIENT_FOREIGN : CLIENT_NONE;
}

static enum client_state read_layout(int folder, const char *fd, struct emu_published *layout)
{
	int file = openat(folder, fd, O_RDONLY | O_CLOEXEC);
	enum client_state state = CLIENT_SEEN;
	ssize_t n;

	if (file < 0)
		return refused(errno);
	n = pread(file, layout, sizeof(*layout), 0);
	close(file);
	if (n < (ssize_t)sizeof(*layout) || layout->magic != EMU_PUBLISHED_MAGIC ||
	    layout->version != EMU_PUBLISHED_VERSION)
		return CLIENT_VERSION;
	for (size_t i = 0; i < EMU_NR_FIELDS; i++) {
		if (layout->fields[i].size > sizeof(uint64_t))
			state = CLIENT_VERSION;
	}
	return state;
}

enum client_state client_open(int pid, struct remote *r)
{
	enum client_state state = CLIENT_NONE;
	struct dirent *entry;
	char link[64];
	ssize_t n;
	DIR *dir;

	snprintf(link, sizeof(link), "/proc/%d/fd", pid);
	dir = opendir(link);
	if (!dir)
		return refused(errno);
	r->pid = pid;
	while (state == CLIENT_NONE && (entry = readdir(dir))) {
		n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link));
		if (n == sizeof(EMU_PUBLISHED_LINK) - 1 && !memcmp(link, EMU_PUBLISHED_LINK, n))
			state = read_layout(dirfd(dir), entry->d_name, &r->layout);
	}
	closedir(dir);
	return state;
}

/* A name may hold anything; a terminal must not get that. */
static void make_printable(char *name)
{
	for (; *name; name++) {
		if (!isprint((unsigned char)*name))
			*name = '?';
	}
}

void client_name(struct exmap_figures *x)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", x->pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(x->command, sizeof(x->command), file))
		x->command[strcspn(x->command, "\n")] = '\0';
	fclose(file);
	make_printable(x->command);
}

/* The name of a strategy: it is short, and does not lie at the end of mapped memory. */
static void read_strategy(const struct remote *r, uint64_t address, char name[12])
{
	if (!address || remote_read(r, address, name, 11))
		name[0] = '\0';
	name[11] = '\0';
	make_printable(name);
}

static int read_surface(const struct remote *r, uint64_t address, uint64_t generation,
			struct remote_surface *surface)
{
	enum { GENERATION, BASE, NR_PAGES, TABLE, TOUCHED, N };
	uint64_t v[N];
	int ret;

	if (!address)
		return 0;
	ret = remote_fields(r, address, EMU_FIELD_SURFACE_GENERATION, N, v);
	/* A forked child has its parent's surface in its memory, but not the mapping. */
	if (ret || v[GENERATION] != generation)
		return ret;
	if (!v[NR_PAGES] || v[NR_PAGES] > MAX_PAGES)
		return -EFAULT;
	*surface = (struct remote_surface){ v[BASE], v[NR_PAGES], v[TABLE], v[TOUCHED] };
	return 0;
}

static int read_interfaces(const struct remote *r, uint64_t interfaces, uint64_t lists,
			   struct exmap_figures *x)
{
	enum { ACTIONS, ALLOCATED, FREED, BYTES_READ, LARGEST, FREE, STEALS, N };
	uint64_t pointers[MAX_INTERFACES];
	uint64_t v[N];
	int ret = remote_read(r, interfaces, pointers, x->nr_interfaces * sizeof(*pointers));

	for (size_t i = 0; !ret && i < x->nr_interfaces; i++) {
		ret = remote_fields(r, pointers[i], EMU_FIELD_INTERFACE_ACTIONS, FREE, v);
		if (!ret)
			ret = remote_fields(r, lists + i * r->layout.list_size, EMU_FIELD_LIST_FREE,
					    N - FREE, &v[FREE]);
		if (!ret)
			x->interfaces[i] = (struct interface_figures){
				.free = v[FREE],
				.steals = v[STEALS],
				.actions = v[ACTIONS],
				.allocated = v[ALLOCATED],
				.freed = v[FREED],
				.bytes_read = v[BYTES_READ],
				.largest = v[LARGEST],
			};
	}
	return ret;
}

/* As exmap_mapped_pages(). */
static uint64_t resident(const struct exmap_figures *x, uint64_t forgotten)
{
	uint64_t allocated = 0;
	uint64_t freed = forgotten;

	for (size_t i = 0; i < x->nr_interfaces; i++) {
		allocated += x->interfaces[i].allocated;
		freed += x->interfaces[i].freed;
	}
	return allocated > freed ? allocated - freed : 0;
}

/* Adds the exmap at @address, if it is this process's own. Sets @next to the one behind it. */
static int add_exmap(const struct remote *r, uint64_t address, uint64_t generation,
		     struct snapshot *s, uint64_t *next)
{
	enum {
		NEXT,
		SERIAL,
		GENERATION,
		NR_INTERFACES,
		FRAMES,
		INTERFACES,
		LISTS,
		FORGOTTEN,
		SURFACE,
		STRATEGY,
		FAULTS,
		N
	};
	struct exmap_figures *x;
	uint64_t v[N];
	int ret = remote_fields(r, address, EMU_FIELD_DEVICE_NEXT, N, v);

	if (ret)
		return ret;
	*next = v[NEXT];
	if (v[GENERATION] != generation)
		return 0;
	if (v[NR_INTERFACES] > MAX_INTERFACES)
		return -EFAULT;
	x = snapshot_add(s, r->pid, v[NR_INTERFACES]);
	x->serial = v[SERIAL];
	x->frames = v[FRAMES];
	x->faults = v[FAULTS];
	client_name(x);
	read_strategy(r, v[STRATEGY], x->strategy);
	ret = read_surface(r, v[SURFACE], generation, &x->surface);
	if (!ret)
		ret = read_interfaces(r, v[INTERFACES], v[LISTS], x);
	x->resident = resident(x, v[FORGOTTEN]);
	return ret;
}

static int add_exmaps(const struct remote *r, struct snapshot *s)
{
	uint64_t generation;
	uint64_t device;
	int ret = remote_read(r, r->layout.generation, &generation, sizeof(generation));

	if (!ret)
		ret = remote_read(r, r->layout.devices, &device, sizeof(device));
	for (int i = 0; !ret && device && i < MAX_EXMAPS; i++)
		ret = add_exmap(r, device, generation, s, &device);
	return ret;
}

enum client_state client_look(int pid, struct snapshot *s)
{
	struct remote r;
	enum client_state state = client_open(pid, &r);
	size_t before = s->n;
	int ret = -EFAULT;

	if (state != CLIENT_SEEN)
		return state;
	for (int i = 0; i < TRIES && ret == -EFAULT; i++) {
		snapshot_drop(s, before);
		ret = add_exmaps(&r, s);
	}
	if (!ret)
		return CLIENT_SEEN;
	snapshot_drop(s, before);
	return refused(-ret) == CLIENT_FOREIGN ? CLIENT_LOCKED : CLIENT_NONE;
}

void client_look_at_all(struct snapshot *s)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int pid = atoi(entry->d_name);
		enum client_state state;

		if (pid <= 0)
			continue;
		state = client_look(pid, s);
		s->locked += state == CLIENT_LOCKED;
		s->foreign |= state == CLIENT_FOREIGN;
	}
	if (dir)
		closedir(dir);
}
