// SPDX-License-Identifier: MIT
/* unchecked.c - bug: nobody looks whether ALLOC got a frame */

#include <string.h>

#include "pool.h"

static void append(unsigned int page, const char *record)
{
	pool_do(0, EXMAP_OP_ALLOC, page);
	strcpy(page_at(page), record);
}

int main(void)
{
	pool_open(64, -1);
	for (unsigned int page = 0; page < 8; page++)
		append(page, "a record");
	puts("all records are there");
	return 0;
}
