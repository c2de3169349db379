// SPDX-License-Identifier: MIT
/* use_after_free_bugs.c - see use_after_free.h */
#include <stdio.h>

#include "use_after_free.h"

int deliberate_read_of_freed_page(const volatile unsigned char *p)
{
	return *p + 1;
}

int deliberate_use_of_fresh_page(const volatile unsigned char *p)
{
	if (*p == 42)
		return puts("the answer") >= 0;
	return 2;
}
