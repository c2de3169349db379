// SPDX-License-Identifier: MIT
/* say.c - see say.h */

#include "emu/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "emu/sys.h"

void emu_say(const char *format, ...)
{
	char line[512] = "exmap: ";
	size_t len = strlen(line);
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line + len, sizeof(line) - len - 1, format, args);
	va_end(args);
	if (n < 0)
		return;
	len += (size_t)n < sizeof(line) - len - 1 ? (size_t)n : sizeof(line) - len - 2;
	line[len++] = '\n';
	emu_sys(SYS_write, 2, line, len);
}
