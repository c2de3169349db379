// SPDX-License-Identifier: MIT
/* zeroes.c - bug: a fresh page is taken for zero, which the interface promises to nobody [4.8] */

#include "pool.h"

struct bucket {
	unsigned int nr_entries;
	unsigned int entry[100];
};

static struct bucket *new_bucket(unsigned int page)
{
	pool_do(0, EXMAP_OP_ALLOC, page);
	/* nr_entries is not set to 0. */
	return (struct bucket *)page_at(page);
}

static void add(struct bucket *bucket, unsigned int entry)
{
	if (bucket->nr_entries >= 100)
		errx(1, "a new bucket has %#x entries", bucket->nr_entries);
	bucket->entry[bucket->nr_entries++] = entry;
}

int main(void)
{
	pool_open(4, -1);
	for (unsigned int page = 0; page < 4; page++)
		add(new_bucket(page), page);
	puts("all buckets are fine");
	return 0;
}
