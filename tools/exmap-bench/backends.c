// SPDX-License-Identifier: MIT
/* backends.c - an exmap, and what programs do without one */

#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/exmap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif

static int fd = -1;
static int pidfd;
static char *base;

static void die(const char *what)
{
	fprintf(stderr, "exmap-bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* An exmap. Two interfaces a thread, one to ALLOC by and one to FREE by. */

static struct exmap_user_interface *interface_page(int i)
{
	void *page =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, EXMAP_OFF_INTERFACE(i));

	if (page == MAP_FAILED)
		die("mmap of an interface");
	return page;
}

struct pair {
	struct exmap_user_interface *page[2];
};

static bool exmap_open(const struct plan *plan, size_t pages)
{
	struct exmap_ioctl_setup setup = {
		.fd = -1,
		.max_interfaces = 2 * plan->threads,
		.buffer_size =
			(size_t)plan->threads * plan->batch * (plan->pattern == STEAL ? 1 : 4),
	};

	if (plan->file)
		setup.fd = open(plan->file, O_RDONLY | O_DIRECT);
	fd = open("/dev/exmap", O_RDWR);
	if (fd < 0 || (plan->file && setup.fd < 0))
		die(fd < 0 ? "/dev/exmap" : plan->file);
	base = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, EXMAP_OFF_EXMAP);
	if (base == MAP_FAILED)
		die("mmap of the surface");
	if (ioctl(fd, EXMAP_IOCTL_SETUP, &setup))
		die("SETUP");
	return true;
}

static void exmap_begin(struct worker *w)
{
	struct pair *pair = malloc(sizeof(*pair));

	w->base = base;
	w->private = pair;
	pair->page[0] = interface_page(2 * w->id);
	pair->page[1] = interface_page(2 * w->id + 1);
}

static void action(struct worker *w, int side, int opcode, bool empty)
{
	struct pair *pair = w->private;
	struct exmap_user_interface *user = pair->page[side];
	struct exmap_action_params params = { .interface = 2 * w->id + side, .opcode = opcode };

	if (!empty && w->plan->pattern == RUN) {
		user->iov[0].value = 0;
		user->iov[0].page = w->first + w->page[0];
		user->iov[0].len = w->plan->batch;
		params.iov_len = 1;
	} else if (!empty) {
		for (int i = 0; i < w->plan->batch; i++) {
			user->iov[i].value = 0;
			user->iov[i].page = w->first + w->page[i];
			user->iov[i].len = 1;
		}
		params.iov_len = w->plan->batch;
	}
	if (ioctl(fd, EXMAP_IOCTL_ACTION, &params))
		die("ACTION");
}

static void exmap_alloc(struct worker *w)
{
	action(w, 0, EXMAP_OP_ALLOC, false);
}

static void exmap_free(struct worker *w)
{
	bool other = w->plan->pattern == HANDOVER || w->plan->pattern == STEAL;

	action(w, other, EXMAP_OP_FREE, false);
}

static void exmap_empty(struct worker *w)
{
	action(w, 0, EXMAP_OP_ALLOC, true);
}

static void exmap_read(struct worker *w)
{
	off_t offset = 2 * w->id | EXMAP_OP_READ << 8;
	struct iovec iov[MAX_BATCH];

	for (int i = 0; i < w->plan->batch; i++)
		iov[i] = (struct iovec){ base + (w->first + w->page[i]) * PAGE, PAGE };
	if (w->plan->pattern == BATCH_READ) {
		if (preadv(fd, iov, w->plan->batch, offset) != w->plan->batch * (ssize_t)PAGE)
			die("preadv");
		return;
	}
	for (int i = 0; i < w->plan->batch; i++) {
		if (pread(fd, iov[i].iov_base, PAGE, offset) != PAGE)
			die("pread");
	}
}

const struct backend exmap_backend = {
	.name = "exmap",
	.open = exmap_open,
	.begin = exmap_begin,
	.alloc = exmap_alloc,
	.read = exmap_read,
	.free = exmap_free,
	.empty = exmap_empty,
};

/* Anonymous memory: a page comes by its first touch, and goes by madvise(). */

static bool anon_open(const struct plan *plan, size_t pages)
{
	if (plan->file) {
		fd = open(plan->file, O_RDONLY | O_DIRECT);
		if (fd < 0)
			die(plan->file);
	}
	base = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		die("mmap");
	madvise(base, pages * PAGE, MADV_NOHUGEPAGE);
	return true;
}

static void plain_begin(struct worker *w)
{
	w->base = base;
}

static void anon_alloc(struct worker *w)
{
	for (int i = 0; i < w->plan->batch; i++)
		*(volatile char *)(base + (w->first + w->page[i]) * PAGE) = 0;
}

static void anon_read(struct worker *w)
{
	for (int i = 0; i < w->plan->batch; i++) {
		off_t offset = (w->first + w->page[i]) * PAGE;

		if (pread(fd, base + offset, PAGE, offset) != PAGE)
			die("pread");
	}
}

static void anon_free(struct worker *w)
{
	if (w->plan->pattern == RUN) {
		madvise(base + (w->first + w->page[0]) * PAGE, w->plan->batch * PAGE,
			MADV_DONTNEED);
		return;
	}
	for (int i = 0; i < w->plan->batch; i++)
		madvise(base + (w->first + w->page[i]) * PAGE, PAGE, MADV_DONTNEED);
}

static void anon_empty(struct worker *w)
{
	(void)w;
	syscall(SYS_getppid);
}

const struct backend anon_backend = {
	.name = "anon",
	.open = anon_open,
	.begin = plain_begin,
	.alloc = anon_alloc,
	.read = anon_read,
	.free = anon_free,
	.empty = anon_empty,
};

/* The same with one call for all, where the kernel has it (Linux 6.13). */

static bool anon_vectored_open(const struct plan *plan, size_t pages)
{
	struct iovec iov;

	if (!anon_open(plan, pages))
		return false;
	pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	iov = (struct iovec){ base, PAGE };
	return syscall(SYS_process_madvise, pidfd, &iov, 1, MADV_DONTNEED, 0) == PAGE;
}

static void anon_vectored_free(struct worker *w)
{
	struct iovec iov[MAX_BATCH];

	for (int i = 0; i < w->plan->batch; i++)
		iov[i] = (struct iovec){ base + (w->first + w->page[i]) * PAGE, PAGE };
	if (syscall(SYS_process_madvise, pidfd, iov, w->plan->batch, MADV_DONTNEED, 0) < 0)
		die("process_madvise");
}

const struct backend anon_vectored_backend = {
	.name = "anon-vectored",
	.open = anon_vectored_open,
	.begin = plain_begin,
	.alloc = anon_alloc,
	.read = anon_read,
	.free = anon_vectored_free,
};

/* The file mapped: the kernel's page cache does it all. */

static bool file_open(const struct plan *plan, size_t pages)
{
	int file = open(plan->file, O_RDWR);

	if (file < 0)
		die(plan->file);
	base = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	if (base == MAP_FAILED)
		die("mmap of the file");
	madvise(base, pages * PAGE, MADV_RANDOM);
	return true;
}

static void file_read(struct worker *w)
{
	static volatile char sink __attribute__((unused));

	for (int i = 0; i < w->plan->batch; i++)
		sink = *(volatile char *)(base + (w->first + w->page[i]) * PAGE);
}

const struct backend file_backend = {
	.name = "mmap",
	.open = file_open,
	.begin = plain_begin,
	.read = file_read,
	.free = anon_free,
};
