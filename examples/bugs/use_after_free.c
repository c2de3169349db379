// SPDX-License-Identifier: MIT
/* use_after_free.c - bug: a cursor keeps a pointer to a page that was evicted meanwhile */

#include "pool.h"

struct cursor {
	const char *record;
};

static void evict(unsigned int page)
{
	pool_do(0, EXMAP_OP_FREE, page);
}

static struct cursor find_record(unsigned int page)
{
	pool_do(0, EXMAP_OP_ALLOC, page);
	snprintf(page_at(page), PAGE, "record of page %u", page);
	return (struct cursor){ page_at(page) };
}

/* To make room for one more page, throws out the oldest, whoever still points into it. */
static struct cursor find_with_room(unsigned int page)
{
	evict(7);
	return find_record(page);
}

static void print_record(const struct cursor *cursor)
{
	for (const char *c = cursor->record; *c; c++)
		putchar(*c);
	putchar('\n');
}

int main(void)
{
	struct cursor first, second;

	pool_open(1, -1);
	first = find_record(7);
	second = find_with_room(8);
	print_record(&second);
	print_record(&first);
	return 0;
}
