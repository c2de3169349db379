// SPDX-License-Identifier: MIT
/* exmap.c - backend exmap: pages of /dev/exmap; each thread has interfaces of its own */

#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <linux/exmap.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static int fd;
static char *base;
/* Pages that are mapped after all were freed: in SHADOW, in which none is, all. */
static size_t left;

/* The interfaces of one thread: their numbers and pages. */
struct lane {
	int n;
	int number[MAX_INTERFACES];
	struct exmap_user_interface *page[MAX_INTERFACES];
};

static struct exmap_user_interface *interface_page(int i)
{
	void *page =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, EXMAP_OFF_INTERFACE(i));

	if (page == MAP_FAILED)
		die("mmap of an interface");
	return page;
}

static int interfaces(const struct plan *plan)
{
	return plan->interfaces ? plan->interfaces : 2 * plan->threads;
}

static bool exmap_open(const struct plan *plan, size_t pages)
{
	struct exmap_ioctl_setup setup = {
		.fd = plan->file ? file_open(plan, O_RDONLY | O_DIRECT) : -1,
		.max_interfaces = interfaces(plan),
		.buffer_size = plan_frames(plan),
	};

	fd = open("/dev/exmap", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("/dev/exmap");
	base = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, EXMAP_OFF_EXMAP);
	if (base == MAP_FAILED)
		die("mmap of the surface");
	if (ioctl(fd, EXMAP_IOCTL_SETUP, &setup))
		die("SETUP");
	if (plan->pattern == SHADOW)
		left = plan->threads * (plan->pages / plan->batch) * plan->batch;
	return true;
}

/* Allocates the pages of all objects of a thread, an object a call. */
static void alloc_objects(struct worker *w)
{
	const struct lane *lane = w->private;
	struct exmap_action_params params = {
		.interface = lane->number[0],
		.iov_len = 1,
		.opcode = EXMAP_OP_ALLOC,
	};
	uint64_t end = w->first + w->plan->pages / w->plan->batch * w->plan->batch;

	for (uint64_t page = w->first; page < end; page += w->plan->batch) {
		lane->page[0]->iov[0] =
			(struct exmap_iov){ { .page = page, .len = w->plan->batch } };
		if (ioctl(fd, EXMAP_IOCTL_ACTION, &params))
			die("ALLOC of an object");
	}
}

static void exmap_begin(struct worker *w)
{
	struct lane *lane = calloc(1, sizeof(*lane));

	if (!lane)
		die("memory");
	w->base = base;
	w->private = lane;
	for (int i = w->id; i < interfaces(w->plan); i += w->plan->threads) {
		lane->number[lane->n] = i;
		lane->page[lane->n++] = interface_page(i);
	}
	if (w->plan->pattern == SHADOW) {
		alloc_objects(w);
		object_fill(w);
	}
}

/*
 * Return: index of the interface that the thread uses in this round. With @other, the next one:
 * the one that frees the pages in HANDOVER and STEAL.
 */
static int side_of(const struct worker *w, bool other)
{
	const struct lane *lane = w->private;

	return ((w->plan->interfaces ? w->turn : 0) + other) % lane->n;
}

/* Writes vectors for the round's pages. Return: their number. */
static int write_vectors(const struct worker *w, struct exmap_iov *iov)
{
	int len = plan_vector(w->plan);

	/* The compiler makes one 64-bit store of this. */
	for (int i = 0; i < w->got; i += len)
		*iov++ = (struct exmap_iov){ { .page = w->first + w->page[i], .len = len } };
	return w->got / len;
}

/* Exits if any of @n vectors has not mapped, or unmapped, all its pages. */
static void check_vectors(const struct worker *w, const struct exmap_iov *iov, int n)
{
	int len = plan_vector(w->plan);

	for (int i = 0; i < n; i++) {
		if (iov[i].res || iov[i].pages != len)
			die_wrong(w, i, "was not mapped or unmapped by its vector");
	}
}

static void action(struct worker *w, bool other, int opcode)
{
	const struct lane *lane = w->private;
	int side = side_of(w, other);
	struct exmap_iov *iov = lane->page[side]->iov;
	struct exmap_action_params params = { .interface = lane->number[side], .opcode = opcode };
	int failed;

	params.iov_len = write_vectors(w, iov);
	failed = ioctl(fd, EXMAP_IOCTL_ACTION, &params);
	/*
	 * STEAL has too few frames. If ALLOC runs out of them at a vector, this one and all later
	 * ones fail [4.6], so the first @got pages are those that were allocated.
	 */
	if (failed < 0 || (failed && (w->plan->pattern != STEAL || opcode != EXMAP_OP_ALLOC)))
		die("ACTION");
	w->got -= failed;
	if (w->check)
		check_vectors(w, iov, params.iov_len - failed);
}

static void exmap_alloc(struct worker *w)
{
	action(w, false, EXMAP_OP_ALLOC);
}

static void exmap_free(struct worker *w)
{
	bool other = w->plan->pattern == HANDOVER || w->plan->pattern == STEAL;

	action(w, other, EXMAP_OP_FREE);
}

static void exmap_show(struct worker *w)
{
	const struct lane *lane = w->private;
	int side = side_of(w, false);
	struct exmap_iov *iov = lane->page[side]->iov;
	struct exmap_action_params params = {
		.interface = lane->number[side],
		.opcode = EXMAP_OP_SHADOW,
		.page_id = w->target,
	};
	struct extent extent[MAX_EXTENTS];

	params.iov_len = object_extents(w, extent);
	for (int i = 0; i < params.iov_len; i++)
		iov[i] = (struct exmap_iov){ { .page = extent[i].page, .len = extent[i].len } };
	if (ioctl(fd, EXMAP_IOCTL_ACTION, &params))
		die("SHADOW");
	if (w->check)
		object_check(w, extent, params.iov_len);
	params.opcode = EXMAP_OP_RM_SD;
	params.iov_len = 0;
	if (ioctl(fd, EXMAP_IOCTL_ACTION, &params))
		die("RM_SD");
}

static void exmap_empty(struct worker *w)
{
	struct exmap_action_params params = { .interface = w->id, .opcode = EXMAP_OP_ALLOC };

	if (ioctl(fd, EXMAP_IOCTL_ACTION, &params))
		die("ACTION");
}

static void exmap_read(struct worker *w)
{
	const struct lane *lane = w->private;
	off_t offset = lane->number[side_of(w, false)] | EXMAP_OP_READ << 8;
	struct iovec iov[MAX_BATCH];

	for (int i = 0; i < w->got; i++)
		iov[i] = (struct iovec){ base + (w->first + w->page[i]) * PAGE, PAGE };
	if (w->plan->pattern == BATCH_READ) {
		if (preadv(fd, iov, w->got, offset) != w->got * (ssize_t)PAGE)
			die("preadv");
		return;
	}
	for (int i = 0; i < w->got; i++) {
		if (pread(fd, iov[i].iov_base, PAGE, offset) != PAGE)
			die("pread");
	}
}

static void exmap_close(void)
{
	struct exmap_ioctl_stats stats;

	if (ioctl(fd, EXMAP_IOCTL_STATS, &stats))
		die("STATS");
	if (stats.alloc_count != left) {
		fprintf(stderr,
			"exmap-bench: wrong result: %llu pages are mapped at the end, not %zu\n",
			(unsigned long long)stats.alloc_count, left);
		exit(1);
	}
}

const struct backend exmap_backend = {
	.name = "exmap",
	.open = exmap_open,
	.begin = exmap_begin,
	.alloc = exmap_alloc,
	.read = exmap_read,
	.free = exmap_free,
	.show = exmap_show,
	.empty = exmap_empty,
	.close = exmap_close,
};
