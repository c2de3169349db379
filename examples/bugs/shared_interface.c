// SPDX-License-Identifier: MIT
/* shared_interface.c - bug: two threads use one interface, and write over each other's vectors */

#include <pthread.h>

#include "pool.h"

static void *work(void *first)
{
	unsigned int page = *(unsigned int *)first;
	long wrong = 0;

	for (int i = 0; i < 50000; i++) {
		/* Interface 0 for all: each thread should have its own. */
		pool_do(0, EXMAP_OP_ALLOC, page);
		pool_do(0, EXMAP_OP_FREE, page);
		wrong += interfaces[0]->iov[0].pages != 1;
	}
	return (void *)wrong;
}

int main(void)
{
	unsigned int first[2] = { 0, 100 };
	pthread_t thread[2];
	long wrong = 0;

	pool_open(64, -1);
	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, work, &first[i]);
	for (int i = 0; i < 2; i++) {
		void *result;

		pthread_join(thread[i], &result);
		wrong += (long)result;
	}
	printf("%ld of 100000 FREEs did not free their page\n", wrong);
	return 0;
}
