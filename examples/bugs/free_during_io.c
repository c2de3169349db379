// SPDX-License-Identifier: MIT
/* free_during_io.c - bug: a page is evicted while a write of its content is being prepared */

#include <string.h>

#include "pool.h"

static int database;

/* Evicts whatever is clean. The bug: page 5 is marked clean before it was written. */
static void evict_clean_pages(void)
{
	pool_do(1, EXMAP_OP_FREE, 5);
}

static void write_back(unsigned int page)
{
	/* "Clean now": and another thread evicts it here. */
	evict_clean_pages();
	if (pwrite(database, page_at(page), PAGE, page * PAGE) != PAGE)
		err(1, "pwrite of page %u", page);
}

int main(void)
{
	database = open(".", O_TMPFILE | O_RDWR, 0600);
	if (database < 0)
		err(1, "a file in this folder");
	pool_open(8, -1);
	pool_do(0, EXMAP_OP_ALLOC, 5);
	memset(page_at(5), 1, PAGE);
	write_back(5);
	puts("written");
	return 0;
}
