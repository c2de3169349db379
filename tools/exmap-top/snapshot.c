// SPDX-License-Identifier: MIT
/* snapshot.c - see snapshot.h */

#include "tools/exmap-top/snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/exmap-top/say.h"

struct exmap_figures *snapshot_add(struct snapshot *s, int pid, size_t nr_interfaces)
{
	struct exmap_figures *x;

	s->exmaps = must_realloc(s->exmaps, (s->n + 1) * sizeof(*s->exmaps));
	x = &s->exmaps[s->n++];
	memset(x, 0, sizeof(*x));
	x->pid = pid;
	x->nr_interfaces = nr_interfaces;
	x->interfaces = must_realloc(NULL, (nr_interfaces + 1) * sizeof(*x->interfaces));
	memset(x->interfaces, 0, nr_interfaces * sizeof(*x->interfaces));
	return x;
}

void snapshot_drop(struct snapshot *s, size_t n)
{
	while (s->n > n)
		free(s->exmaps[--s->n].interfaces);
	if (!n) {
		free(s->exmaps);
		s->exmaps = NULL;
	}
}

static int in_order(const void *a, const void *b)
{
	const struct exmap_figures *x = a, *y = b;

	if (x->pid != y->pid)
		return (x->pid > y->pid) - (x->pid < y->pid);
	if (x->module != y->module)
		return x->module - y->module;
	return (x->serial > y->serial) - (x->serial < y->serial);
}

void snapshot_finish(struct snapshot *s)
{
	struct timespec now;

	if (s->n)
		qsort(s->exmaps, s->n, sizeof(*s->exmaps), in_order);
	clock_gettime(CLOCK_MONOTONIC, &now);
	s->when = now.tv_sec + now.tv_nsec / 1e9;
}

const struct exmap_figures *snapshot_find(const struct snapshot *s, const struct exmap_figures *x)
{
	return s->n ? bsearch(x, s->exmaps, s->n, sizeof(*s->exmaps), in_order) : NULL;
}
