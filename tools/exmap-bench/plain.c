// SPDX-License-Identifier: MIT
/* plain.c - backends anon, anon-vectored, mmap and pread: what programs do without an exmap */

#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int fd;
static int pidfd;
static char *base;

static void begin(struct worker *w)
{
	w->base = base;
}

char *map_memory(size_t pages)
{
	char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
	return memory;
}

/* anon: a page of anonymous memory appears when it is first touched; madvise() drops it. */

static bool anon_open(const struct plan *plan, size_t pages)
{
	if (plan->file)
		fd = file_open(plan, O_RDONLY | O_DIRECT);
	base = map_memory(pages);
	return true;
}

static void anon_alloc(struct worker *w)
{
	for (int i = 0; i < w->got; i++)
		*(volatile char *)page_address(w, i) = 0;
}

static void anon_read(struct worker *w)
{
	for (int i = 0; i < w->got; i++) {
		if (pread(fd, page_address(w, i), PAGE, page_address(w, i) - base) != PAGE)
			die("pread");
	}
}

static void anon_free(struct worker *w)
{
	int len = plan_vector(w->plan);

	for (int i = 0; i < w->got; i += len)
		madvise(page_address(w, i), len * PAGE, MADV_DONTNEED);
}

static void anon_empty(struct worker *w)
{
	(void)w;
	syscall(SYS_getppid);
}

const struct backend anon_backend = {
	.name = "anon",
	.open = anon_open,
	.begin = begin,
	.alloc = anon_alloc,
	.read = anon_read,
	.free = anon_free,
	.empty = anon_empty,
};

/* anon-vectored: the same, but one process_madvise() drops all pages (Linux 6.13). */

static bool anon_vectored_open(const struct plan *plan, size_t pages)
{
	struct iovec iov;

	if (!anon_open(plan, pages))
		return false;
	pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	iov = (struct iovec){ base, PAGE };
	return syscall(SYS_process_madvise, pidfd, &iov, 1, MADV_DONTNEED, 0) == (long)PAGE;
}

static void anon_vectored_free(struct worker *w)
{
	int len = plan_vector(w->plan), n = 0;
	struct iovec iov[MAX_BATCH];

	for (int i = 0; i < w->got; i += len)
		iov[n++] = (struct iovec){ page_address(w, i), len * PAGE };
	if (syscall(SYS_process_madvise, pidfd, iov, n, MADV_DONTNEED, 0) < 0)
		die("process_madvise");
}

const struct backend anon_vectored_backend = {
	.name = "anon-vectored",
	.open = anon_vectored_open,
	.begin = begin,
	.alloc = anon_alloc,
	.read = anon_read,
	.free = anon_vectored_free,
};

/* mmap: the file is mapped; the kernel's page cache reads the pages. */

static bool mmap_open(const struct plan *plan, size_t pages)
{
	int file = file_open(plan, O_RDONLY);

	base = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	if (base == MAP_FAILED)
		die("mmap of the file");
	madvise(base, pages * PAGE, MADV_RANDOM);
	return true;
}

static void mmap_read(struct worker *w)
{
	for (int i = 0; i < w->got; i++)
		(void)*(volatile char *)page_address(w, i);
}

const struct backend file_backend = {
	.name = "mmap",
	.open = mmap_open,
	.begin = begin,
	.read = mmap_read,
	.free = anon_free,
};

/* pread: reads into memory that stays allocated, so this is the cost of the reads alone. */

static void pread_read(struct worker *w)
{
	for (int i = 0; i < w->got; i++) {
		char *to = base + (w->first + i) * PAGE;

		if (pread(fd, to, PAGE, page_address(w, i) - base) != PAGE)
			die("pread");
	}
}

static void pread_free(struct worker *w)
{
	(void)w;
}

const struct backend pread_backend = {
	.name = "pread",
	.packed = true,
	.open = anon_open,
	.begin = begin,
	.read = pread_read,
	.free = pread_free,
};
