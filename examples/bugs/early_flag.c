// SPDX-License-Identifier: MIT
/* early_flag.c - bug: a page is said to be there before it is, for the time that ALLOC takes */

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "pool.h"

#define HOT_PAGE 5

static atomic_int is_there;
static atomic_int done;
static atomic_int used;

static void load(void)
{
	/* In the wrong order. */
	is_there = 1;
	pool_do(0, EXMAP_OP_ALLOC, HOT_PAGE);
}

static void *use(void *unused)
{
	for (; !done; sched_yield()) {
		if (is_there)
			used += page_at(HOT_PAGE)[0] + 1;
	}
	return unused;
}

int main(void)
{
	pthread_t user;

	pool_open(16, -1);
	pthread_create(&user, NULL, use, NULL);
	load();
	while (!used)
		sched_yield();
	done = 1;
	pthread_join(user, NULL);
	puts("the page was used");
	return 0;
}
