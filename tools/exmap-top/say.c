// SPDX-License-Identifier: MIT
/* say.c - see say.h */

#include "tools/exmap-top/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("exmap-top: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(EXIT_CANNOT);
}

void *must_realloc(void *memory, size_t size)
{
	memory = realloc(memory, size);
	if (!memory)
		fail("no memory for %zu bytes", size);
	return memory;
}
