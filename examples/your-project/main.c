// SPDX-License-Identifier: MIT
/* main.c - a program of yours: counts to ten, on a page far out in a surface of a terabyte */

#include <stdio.h>
#include <string.h>

#include "pages.h"

int main(void)
{
	struct exmap_client pages;
	int error = pages_open(&pages, (1UL << 40) / PAGE_SIZE, 16);
	unsigned int *count;

	if (error) {
		fprintf(stderr, "/dev/exmap: %s (use exmap-run, or load the exmap module)\n",
			strerror(-error));
		return 1;
	}
	count = (unsigned int *)pages_alloc(&pages, 200000000);
	if (!count) {
		fprintf(stderr, "no page\n");
		return 1;
	}
	for (*count = 0; *count < 10; ++*count)
		;
	printf("counted to %u\n", *count);
	pages_free(&pages, 200000000);
	return 0;
}
