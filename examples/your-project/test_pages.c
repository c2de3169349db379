// SPDX-License-Identifier: MIT
/* test_pages.c - a test of yours, which runs under exmap-run or on the module */

#include <stdio.h>
#include <string.h>

#include "pages.h"

#define NR_FRAMES 8

static int failed;

static void check(int holds, const char *what)
{
	printf("%s - %s\n", holds ? "ok" : "not ok", what);
	failed |= !holds;
}

int main(void)
{
	struct exmap_client pages;
	char *page;

	check(!pages_open(&pages, 1000, NR_FRAMES), "there is an exmap");
	if (failed)
		return 1;
	page = pages_alloc(&pages, 500);
	check(page == pages.surface + 500 * PAGE_SIZE, "a page is where its number says");
	memset(page, 'x', PAGE_SIZE);
	for (int i = 1; i < NR_FRAMES; i++)
		check(!!pages_alloc(&pages, i), "there are frames");
	check(!pages_alloc(&pages, NR_FRAMES), "and no more");
	check(page[PAGE_SIZE - 1] == 'x', "the page has kept its content");
	pages_free(&pages, 500);
	check(!!pages_alloc(&pages, NR_FRAMES), "what is freed can be had again");
	return failed;
}
