// SPDX-License-Identifier: MIT
/* failed.c - see failed.h */

#define _GNU_SOURCE
#include "emu/failed.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "emu/options.h"
#include "emu/say.h"

#define MAX_TIMES 10

bool emu_wants_note(u32 *times)
{
	return emu_options()->notes && __atomic_fetch_add(times, 1, __ATOMIC_RELAXED) < MAX_TIMES;
}

long emu_failed(u32 *times, const char *call, long error, const char *format, ...)
{
	char reason[384];
	va_list args;

	if (!emu_wants_note(times))
		return error;
	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	emu_say("%s: %s: %s", call, strerrorname_np(-error), reason);
	return error;
}
