// SPDX-License-Identifier: MIT
/* leak.c - bug: pages of aborted transactions are never freed, and in the end no frame is left */

#include <string.h>

#include "pool.h"

#define FRAMES 16

static unsigned int next_page;
static unsigned int cached[FRAMES];
static int nr_cached;

/* Temporary pages of a transaction. The bug: nobody frees them after an abort. */
static void transaction(int aborts)
{
	unsigned int page = next_page++;

	if (pool_do(0, EXMAP_OP_ALLOC, page))
		errx(1, "no frame, and %d pages to evict", nr_cached);
	memset(page_at(page), 1, PAGE);
	if (aborts)
		return;
	cached[nr_cached++] = page;
}

static void evict_all(void)
{
	while (nr_cached)
		pool_do(0, EXMAP_OP_FREE, cached[--nr_cached]);
}

int main(void)
{
	pool_open(FRAMES, -1);
	for (int i = 0; i < 200; i++) {
		transaction(i % 10 == 3);
		if (nr_cached == 4)
			evict_all();
	}
	puts("done");
	return 0;
}
