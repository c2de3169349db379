// SPDX-License-Identifier: MIT
/* lost_write.c - bug: a page that was changed is evicted without being written */

#include <string.h>

#include "pool.h"

static int is_dirty[PAGES];

static void change(unsigned int page, const char *text)
{
	strcpy(page_at(page), text);
	/* The bug: the flag of the wrong page. */
	is_dirty[page + 1] = 1;
}

static void evict(int database, unsigned int page)
{
	if (is_dirty[page] && pwrite(database, page_at(page), PAGE, page * PAGE) != PAGE)
		err(1, "pwrite");
	is_dirty[page] = 0;
	pool_do(0, EXMAP_OP_FREE, page);
}

int main(void)
{
	char folder[] = "exmap-bug-XXXXXX";
	int database = mkstemp(folder);

	if (database < 0 || ftruncate(database, PAGES * PAGE) ||
	    fcntl(database, F_SETFL, O_RDWR | O_DIRECT))
		err(1, "a file with O_DIRECT in this folder");
	unlink(folder);
	pool_open(8, database);
	if (pread(exmap, page_at(3), PAGE, 0) != PAGE)
		err(1, "pread");
	change(3, "balance 100");
	evict(database, 3);
	if (pread(exmap, page_at(3), PAGE, 0) != PAGE)
		err(1, "pread");
	printf("page 3 holds '%s'\n", page_at(3));
	return 0;
}
