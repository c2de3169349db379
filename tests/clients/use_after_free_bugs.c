// SPDX-License-Identifier: MIT
/* use_after_free_bugs.c - see use_after_free.h */
#include <stdio.h>

#include "use_after_free.h"

int deliberate_read_of_freed_page(const volatile unsigned char *mem, unsigned long page)
{
	return mem[page * 4096 + 17] + 1;
}

int deliberate_use_of_fresh_page(const volatile unsigned char *mem, unsigned long page)
{
	if (mem[page * 4096 + 17] == 42)
		return puts("the answer") >= 0;
	return 2;
}
