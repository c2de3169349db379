// SPDX-License-Identifier: MIT
/* memory.c - see memory.h; all calls of exmap that blobs makes are in this file */

#define _GNU_SOURCE
#include "memory.h"

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/exmap.h>

/* One ACTION, of which each vector is an extent. Ends the program if it fails. */
static void act(struct memory *m, int interface, int opcode, const struct extent *extents, int n,
		uint64_t page_id)
{
	struct exmap_user_interface *user = m->interfaces[interface];
	struct exmap_action_params params = {
		.interface = interface,
		.iov_len = n,
		.opcode = opcode,
		.page_id = page_id,
	};

	for (int i = 0; i < n; i++)
		user->iov[i] = (struct exmap_iov){ .page = extents[i].page, .len = extents[i].len };
	if (ioctl(m->fd, EXMAP_IOCTL_ACTION, &params))
		err(1, "exmap opcode %d of %d extents", opcode, n);
	if (opcode == EXMAP_OP_SHADOW)
		return;
	for (int i = 0; i < n; i++) {
		if (user->iov[i].pages != (int)extents[i].len)
			errx(1, "exmap opcode %d: %d pages of %lu, result %d", opcode,
			     user->iov[i].pages, extents[i].len, user->iov[i].res);
	}
}

void memory_alloc(struct memory *m, int interface, const struct extent *extents, int n)
{
	act(m, interface, EXMAP_OP_ALLOC, extents, n, 0);
}

void memory_free(struct memory *m, int interface, const struct extent *extents, int n)
{
	act(m, interface, EXMAP_OP_FREE, extents, n, 0);
}

char *memory_show(struct memory *m, int interface, const struct extent *extents, int n)
{
	uint64_t target = m->nr_pages + interface * m->area_pages;

	act(m, interface, EXMAP_OP_SHADOW, extents, n, target);
	return memory_at(m, target);
}

void memory_hide(struct memory *m, int interface)
{
	struct exmap_action_params params = { .interface = interface, .opcode = EXMAP_OP_RM_SD };

	if (ioctl(m->fd, EXMAP_IOCTL_ACTION, &params))
		err(1, "exmap: RM_SD");
}

/* One iovec for each extent. Return: bytes of all. */
static size_t iovecs(struct memory *m, const struct extent *extents, int n, struct iovec *iov)
{
	size_t bytes = 0;

	for (int i = 0; i < n; i++) {
		iov[i].iov_base = memory_at(m, extents[i].page);
		iov[i].iov_len = extents[i].len * PAGE_SIZE;
		bytes += iov[i].iov_len;
	}
	return bytes;
}

void memory_read(struct memory *m, int interface, const struct extent *extents, int n)
{
	struct iovec iov[EXMAP_USER_INTERFACE_PAGES];
	size_t bytes = iovecs(m, extents, n, iov);
	/* A preadv() of the exmap, not of the file: it allocates the pages and fills them. */
	ssize_t got = preadv(m->fd, iov, n, interface | EXMAP_OP_READ << 8);

	if (got < 0)
		err(1, "read of %zu bytes", bytes);
	if ((size_t)got != bytes)
		errx(1, "read %zd bytes of %zu", got, bytes);
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

static void *map(size_t bytes, int fd, off_t offset)
{
	void *address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);

	if (address == MAP_FAILED)
		err(1, "mmap of %zu bytes", bytes);
	return address;
}

void memory_open(struct memory *m, int file, uint64_t nr_pages, uint64_t frames, int interfaces,
		 uint64_t area_pages)
{
	struct exmap_ioctl_setup setup = {
		.fd = file,
		.max_interfaces = interfaces,
		.buffer_size = frames,
	};

	m->file = file;
	m->nr_pages = nr_pages;
	m->area_pages = area_pages;
	m->nr_interfaces = interfaces;
	m->fd = open("/dev/exmap", O_RDWR | O_CLOEXEC);
	if (m->fd < 0)
		err(1, "/dev/exmap (use exmap-run, or load the exmap module)");
	m->base = map((nr_pages + interfaces * area_pages) * PAGE_SIZE, m->fd, EXMAP_OFF_EXMAP);
	if (ioctl(m->fd, EXMAP_IOCTL_SETUP, &setup))
		err(1, "EXMAP_IOCTL_SETUP");
	m->interfaces = calloc(interfaces, sizeof(*m->interfaces));
	if (!m->interfaces)
		err(1, NULL);
	for (int i = 0; i < interfaces; i++)
		m->interfaces[i] = map(PAGE_SIZE, m->fd, EXMAP_OFF_INTERFACE(i));
}

void memory_close(struct memory *m)
{
	for (int i = 0; i < m->nr_interfaces; i++)
		munmap(m->interfaces[i], PAGE_SIZE);
	free(m->interfaces);
	munmap(m->base, (m->nr_pages + m->nr_interfaces * m->area_pages) * PAGE_SIZE);
	close(m->fd);
}
