// SPDX-License-Identifier: MIT
/*
 * optimistic_read.c - bug: an optimistic reader uses what it read before it looks at the version
 *
 * Optimistic readers take no latch: they remember the version of a page, read, and look whether the
 * version is still the same. Their SIGSEGV handler begins anew if the page went meanwhile. This reader
 * follows the link that it read before it has looked.
 */

#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>

#include "pool.h"

struct node {
	unsigned int next;
};

static atomic_uint version;
static sigjmp_buf again;

static void begin_again(int sig)
{
	(void)sig;
	siglongjmp(again, 1);
}

/* The writer: frees page 9, to which page 8 leads, and uses page 8 anew. */
static void split(void)
{
	atomic_fetch_add(&version, 1);
	pool_do(0, EXMAP_OP_FREE, 9);
	((struct node *)page_at(8))->next = 10;
	atomic_fetch_add(&version, 1);
}

static int sum_of_list(unsigned int page)
{
	unsigned int before = atomic_load(&version);
	unsigned int next = ((struct node *)page_at(page))->next;

	if (before == 0)
		split();
	/* Here the version must be compared with @before: @next may lead anywhere. */
	return page_at(next)[100];
}

int main(void)
{
	struct sigaction action = { .sa_handler = begin_again, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	pool_open(8, -1);
	for (unsigned int page = 8; page <= 10; page++) {
		pool_do(0, EXMAP_OP_ALLOC, page);
		((struct node *)page_at(page))->next = page + 1;
	}
	if (sigsetjmp(again, 1))
		puts("begun again");
	printf("sum %d\n", sum_of_list(8));
	return 0;
}
