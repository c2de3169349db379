// SPDX-License-Identifier: MIT
/*
 * few_mappings - a library to preload: before the program starts, mappings of nothing fill the
 * process, but for as many as EXMAP_TEST_MAPPINGS says, and as if vm.max_map_count were so low
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE ((size_t)4096)
#define MOST 300000

static void __attribute__((constructor)) fill(void)
{
	const char *wanted = getenv("EXMAP_TEST_MAPPINGS");
	long left = wanted ? atol(wanted) : 0;
	size_t len = 2 * MOST * PAGE;
	size_t at = 0;
	char *pages;

	if (!left)
		return;
	pages = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pages == MAP_FAILED)
		abort();
	while (at < len && !mprotect(pages + at, PAGE, PROT_READ))
		at += 2 * PAGE;
	if (at == len) {
		fprintf(stderr, "few_mappings: vm.max_map_count is above %d\n", MOST);
		_Exit(77);
	}
	/* What was filled last is given back. */
	at -= (size_t)left * PAGE;
	if (munmap(pages + at, len - at))
		abort();
}
