// SPDX-License-Identifier: MIT
/* object.c - the objects of pattern SHADOW: where they are, and what they hold */

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t nr_objects(const struct worker *w)
{
	return w->plan->pages / w->plan->batch;
}

int object_extents(const struct worker *w, struct extent *extent)
{
	uint64_t end = w->first + (w->turn % nr_objects(w) + 1) * w->plan->batch;
	int left = w->plan->batch;
	int n = 0;

	for (int len = 1; left; len *= 2) {
		if (len > left)
			len = left;
		end -= len;
		left -= len;
		extent[n++] = (struct extent){ end, len };
	}
	return n;
}

static uint64_t content(uint64_t page, int i)
{
	return page * 512 + i;
}

void object_fill(const struct worker *w)
{
	uint64_t end = w->first + nr_objects(w) * w->plan->batch;

	for (uint64_t page = w->first; page < end; page++) {
		for (int i = 0; i < 512; i++)
			((uint64_t *)(w->base + page * PAGE))[i] = content(page, i);
	}
}

void object_check(const struct worker *w, const struct extent *extent, int n)
{
	const uint64_t *word = (const uint64_t *)(w->base + w->target * PAGE);

	for (; n; n--, extent++) {
		for (int i = 0; i < extent->len * 512; i++) {
			if (*word++ == content(extent->page + i / 512, i % 512))
				continue;
			fprintf(stderr, "exmap-bench: wrong result: page %llu is not shown\n",
				(unsigned long long)(extent->page + i / 512));
			exit(1);
		}
	}
}
