// SPDX-License-Identifier: MIT
/* memory.c - see memory.h; all that minicache asks of exmap is in this file */

#define _GNU_SOURCE
#include "memory.h"

#include <err.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

static void check_action(long pages, const char *what)
{
	if (pages < 0)
		errx(1, "exmap %s: %s", what, strerror(-pages));
}

static void exmap_alloc(struct memory *m, int thread, uint64_t page)
{
	struct exmap_iov range = exmap_client_range(page, 1);

	check_action(exmap_client_act(&m->exmap, thread, EXMAP_OP_ALLOC, &range, 1), "ALLOC");
}

static void exmap_free(struct memory *m, int thread, const uint64_t *pages, int nr)
{
	struct exmap_iov ranges[MEMORY_BATCH];

	for (int i = 0; i < nr; i++)
		ranges[i] = exmap_client_range(pages[i], 1);
	check_action(exmap_client_act(&m->exmap, thread, EXMAP_OP_FREE, ranges, nr), "FREE");
}

static void exmap_read(struct memory *m, int thread, uint64_t page)
{
	struct exmap_iov range = exmap_client_range(page, 1);
	ssize_t n = exmap_client_read(&m->exmap, thread, &range, 1);

	if (n < 0)
		errno = -n;
	check_transfer(n, "read", page);
}

static void exmap_close(struct memory *m)
{
	exmap_client_close(&m->exmap);
}

static const struct memory_ops exmap_ops = {
	.read = exmap_read,
	.alloc = exmap_alloc,
	.free = exmap_free,
	.close = exmap_close,
};

void memory_open_exmap(struct memory *m, int file, uint64_t nr_pages, uint64_t frames,
		       int nr_threads)
{
	struct exmap_ioctl_setup setup = {
		.fd = file,
		.max_interfaces = nr_threads,
		.buffer_size = frames,
	};
	int error = exmap_client_open(&m->exmap, &setup, nr_pages);

	if (error)
		errx(1,
		     "/dev/exmap: %s (start me with exmap-run, or load the exmap module, or "
		     "use --backend=anon)",
		     strerror(-error));
	m->ops = &exmap_ops;
	m->file = file;
	m->base = m->exmap.surface;
	m->bytes = nr_pages * PAGE_SIZE;
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
	m->base = mmap(NULL, m->bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (m->base == MAP_FAILED)
		err(1, "mmap of %zu bytes", m->bytes);
	/* With huge pages, a touch of one page would bring 511 freed pages back. */
	madvise(m->base, m->bytes, MADV_NOHUGEPAGE);
}
