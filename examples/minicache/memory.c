// SPDX-License-Identifier: MIT
/* memory.c - see memory.h; all calls of exmap that minicache makes are in this file */

#define _GNU_SOURCE
#include "memory.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/exmap.h>

static char *address_of(struct memory *m, uint64_t page)
{
	return m->base + page * PAGE_SIZE;
}

static void check_transfer(ssize_t n, const char *what, uint64_t page)
{
	if (n < 0)
		err(1, "%s page %lu", what, page);
	if (n != PAGE_SIZE)
		errx(1, "%s page %lu: only %zd bytes", what, page, n);
}

void memory_write(struct memory *m, uint64_t page)
{
	/* Pages of an exmap work with O_DIRECT: the disk reads from the page itself. */
	ssize_t n = pwrite(m->file, address_of(m, page), PAGE_SIZE, page * PAGE_SIZE);

	check_transfer(n, "write", page);
}

/* One ACTION on the interface of @thread, to which @nr vectors were written. */
static void exmap_act(struct memory *m, int thread, int opcode, int nr)
{
	struct exmap_action_params params = {
		.interface = thread,
		.iov_len = nr,
		.opcode = opcode,
	};
	int failed = ioctl(m->fd, EXMAP_IOCTL_ACTION, &params);

	if (failed < 0)
		err(1, "EXMAP_IOCTL_ACTION");
	for (int i = 0; failed && i < nr; i++) {
		struct exmap_iov result = m->interfaces[thread]->iov[i];

		if (result.res < 0)
			errx(1, "exmap opcode %d: %s", opcode, strerror(-result.res));
	}
}

static void exmap_alloc(struct memory *m, int thread, uint64_t page)
{
	m->interfaces[thread]->iov[0] = (struct exmap_iov){ .page = page, .len = 1 };
	exmap_act(m, thread, EXMAP_OP_ALLOC, 1);
}

static void exmap_free(struct memory *m, int thread, const uint64_t *pages, int nr)
{
	for (int i = 0; i < nr; i++)
		m->interfaces[thread]->iov[i] = (struct exmap_iov){ .page = pages[i], .len = 1 };
	exmap_act(m, thread, EXMAP_OP_FREE, nr);
}

static void exmap_read(struct memory *m, int thread, uint64_t page)
{
	/* A pread() of the exmap, not of the file: it allocates the page and fills it. */
	off_t offset = thread | EXMAP_OP_READ << 8;

	check_transfer(pread(m->fd, address_of(m, page), PAGE_SIZE, offset), "read", page);
}

static void exmap_close(struct memory *m)
{
	for (int i = 0; i < m->nr_threads; i++)
		munmap(m->interfaces[i], PAGE_SIZE);
	free(m->interfaces);
	munmap(m->base, m->bytes);
	close(m->fd);
}

static const struct memory_ops exmap_ops = {
	.read = exmap_read,
	.alloc = exmap_alloc,
	.free = exmap_free,
	.close = exmap_close,
};

static void *map(size_t bytes, int flags, int fd, off_t offset)
{
	void *address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, offset);

	if (address == MAP_FAILED)
		err(1, "mmap of %zu bytes", bytes);
	return address;
}

void memory_open_exmap(struct memory *m, int file, uint64_t nr_pages, uint64_t frames,
		       int nr_threads)
{
	struct exmap_ioctl_setup setup = {
		.fd = file,
		.max_interfaces = nr_threads,
		.buffer_size = frames,
	};

	m->ops = &exmap_ops;
	m->file = file;
	m->bytes = nr_pages * PAGE_SIZE;
	m->nr_threads = nr_threads;
	m->fd = open("/dev/exmap", O_RDWR | O_CLOEXEC);
	if (m->fd < 0)
		err(1, "cannot open /dev/exmap (start me with exmap-run, or load the exmap "
		       "module, or use --backend=anon)");
	m->base = map(m->bytes, MAP_SHARED, m->fd, EXMAP_OFF_EXMAP);
	if (ioctl(m->fd, EXMAP_IOCTL_SETUP, &setup))
		err(1, "EXMAP_IOCTL_SETUP");

	m->interfaces = calloc(nr_threads, sizeof(*m->interfaces));
	if (!m->interfaces)
		err(1, NULL);
	for (int i = 0; i < nr_threads; i++)
		m->interfaces[i] = map(PAGE_SIZE, MAP_SHARED, m->fd, EXMAP_OFF_INTERFACE(i));
}

static void anon_read(struct memory *m, int thread, uint64_t page)
{
	ssize_t n = pread(m->file, address_of(m, page), PAGE_SIZE, page * PAGE_SIZE);

	(void)thread;
	check_transfer(n, "read", page);
}

static void anon_alloc(struct memory *m, int thread, uint64_t page)
{
	/* A page of anonymous memory appears when it is first touched. */
	(void)m;
	(void)thread;
	(void)page;
}

static void anon_free(struct memory *m, int thread, const uint64_t *pages, int nr)
{
	(void)thread;
	for (int i = 0; i < nr; i++) {
		if (madvise(address_of(m, pages[i]), PAGE_SIZE, MADV_DONTNEED))
			err(1, "MADV_DONTNEED");
	}
}

static void anon_close(struct memory *m)
{
	munmap(m->base, m->bytes);
}

static const struct memory_ops anon_ops = {
	.read = anon_read,
	.alloc = anon_alloc,
	.free = anon_free,
	.close = anon_close,
};

void memory_open_anon(struct memory *m, int file, uint64_t nr_pages)
{
	m->ops = &anon_ops;
	m->file = file;
	m->bytes = nr_pages * PAGE_SIZE;
	m->base = map(m->bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	/* With huge pages, a touch of one page would bring 511 freed pages back. */
	madvise(m->base, m->bytes, MADV_NOHUGEPAGE);
}
