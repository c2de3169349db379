// SPDX-License-Identifier: MIT
/*
 * memcpy.c - backend bare-memcpy: an object is copied into memory that stays, and nothing else
 *
 * What a client does that has no SHADOW, without the allocation of the buffer.
 */

#define _GNU_SOURCE
#include "bench.h"

#include <string.h>
#include <sys/mman.h>

static char *base;

static bool memcpy_open(const struct plan *plan, size_t pages)
{
	(void)plan;
	base = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		die("mmap");
	/* As the pages of a surface. */
	madvise(base, pages * PAGE, MADV_NOHUGEPAGE);
	return true;
}

static void memcpy_begin(struct worker *w)
{
	w->base = base;
	object_fill(w);
	memset(w->base + w->target * PAGE, 0, w->plan->batch * PAGE);
}

static void memcpy_show(struct worker *w)
{
	struct extent extent[MAX_EXTENTS];
	int n = object_extents(w, extent);
	char *to = w->base + w->target * PAGE;

	for (int i = 0; i < n; i++) {
		memcpy(to, w->base + extent[i].page * PAGE, extent[i].len * PAGE);
		to += extent[i].len * PAGE;
	}
	if (w->check)
		object_check(w, extent, n);
}

const struct backend bare_memcpy_backend = {
	.name = "bare-memcpy",
	.open = memcpy_open,
	.begin = memcpy_begin,
	.show = memcpy_show,
};
