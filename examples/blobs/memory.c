// SPDX-License-Identifier: MIT
/* memory.c - see memory.h; all that blobs asks of exmap is in this file */

#define _GNU_SOURCE
#include "memory.h"

#include <err.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A range for each extent. Return: pages of all. */
static size_t ranges_of(const struct extent *extents, int n, struct exmap_iov *ranges)
{
	size_t pages = 0;

	for (int i = 0; i < n; i++) {
		ranges[i] = exmap_client_range(extents[i].page, extents[i].len);
		pages += extents[i].len;
	}
	return pages;
}

/* Ends the program unless all pages of the extents are allocated, or freed. */
static void act(struct memory *m, int interface, int opcode, const struct extent *extents, int n)
{
	struct exmap_iov ranges[EXMAP_USER_INTERFACE_PAGES];
	long wanted = ranges_of(extents, n, ranges);
	long pages = exmap_client_act(&m->exmap, interface, opcode, ranges, n);

	if (pages < 0)
		errx(1, "exmap opcode %d of %d extents: %s", opcode, n, strerror(-pages));
	if (pages != wanted)
		errx(1, "exmap opcode %d: %ld pages of %ld", opcode, pages, wanted);
}

void memory_alloc(struct memory *m, int interface, const struct extent *extents, int n)
{
	act(m, interface, EXMAP_OP_ALLOC, extents, n);
}

void memory_free(struct memory *m, int interface, const struct extent *extents, int n)
{
	act(m, interface, EXMAP_OP_FREE, extents, n);
}

/* A call of our own: SHADOW has no results. */
char *memory_show(struct memory *m, int interface, const struct extent *extents, int n)
{
	struct exmap_action_params params = {
		.interface = interface,
		.iov_len = n,
		.opcode = EXMAP_OP_SHADOW,
		.page_id = m->nr_pages + interface * m->area_pages,
	};

	ranges_of(extents, n, m->exmap.interfaces[interface]->iov);
	if (ioctl(m->exmap.fd, EXMAP_IOCTL_ACTION, &params))
		err(1, "exmap: SHADOW of %d extents", n);
	return memory_at(m, params.page_id);
}

void memory_hide(struct memory *m, int interface)
{
	struct exmap_action_params params = { .interface = interface, .opcode = EXMAP_OP_RM_SD };

	if (ioctl(m->exmap.fd, EXMAP_IOCTL_ACTION, &params))
		err(1, "exmap: RM_SD");
}

void memory_read(struct memory *m, int interface, const struct extent *extents, int n)
{
	struct exmap_iov ranges[EXMAP_USER_INTERFACE_PAGES];
	ssize_t wanted = ranges_of(extents, n, ranges) * PAGE_SIZE;
	ssize_t got = exmap_client_read(&m->exmap, interface, ranges, n);

	if (got < 0)
		errx(1, "read of %zd bytes: %s", wanted, strerror(-got));
	if (got != wanted)
		errx(1, "read %zd bytes of %zd", got, wanted);
}

void memory_write(struct memory *m, const struct extent *extents, int n)
{
	for (int i = 0; i < n; i++) {
		size_t bytes = extents[i].len * PAGE_SIZE;
		ssize_t put = pwrite(m->file, memory_at(m, extents[i].page), bytes,
				     extents[i].page * PAGE_SIZE);

		if (put < 0)
			err(1, "write of %zu bytes", bytes);
		if ((size_t)put != bytes)
			errx(1, "wrote %zd bytes of %zu", put, bytes);
	}
}

void memory_open(struct memory *m, int file, uint64_t nr_pages, uint64_t frames, int interfaces,
		 uint64_t area_pages)
{
	struct exmap_ioctl_setup setup = {
		.fd = file,
		.max_interfaces = interfaces,
		.buffer_size = frames,
	};
	int error = exmap_client_open(&m->exmap, &setup, nr_pages + interfaces * area_pages);

	if (error)
		errx(1, "/dev/exmap: %s (use exmap-run, or load the exmap module)",
		     strerror(-error));
	m->file = file;
	m->nr_pages = nr_pages;
	m->area_pages = area_pages;
}

void memory_close(struct memory *m)
{
	exmap_client_close(&m->exmap);
}
