// SPDX-License-Identifier: MIT
/* say.c - see say.h */

#define _GNU_SOURCE
#include "emu/say.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "emu/sys.h"

/* What descriptor 2 was when the emulator was loaded; all 0 if it was closed. Then constant. */
static struct stat first;

static void __attribute__((constructor)) remember_stderr(void)
{
	emu_sys(SYS_fstat, 2, &first);
}

bool emu_has_stderr(void)
{
	long flags = emu_sys(SYS_fcntl, 2, F_GETFL);
	struct stat now;

	if (flags < 0 || emu_sys(SYS_fstat, 2, &now))
		return false;
	if (now.st_dev == first.st_dev && now.st_ino == first.st_ino)
		return true;
	/* A log is for writing only, and the kernel may write it when it likes. */
	if (S_ISREG(now.st_mode))
		return (flags & O_ACCMODE) == O_WRONLY && !(flags & (O_DIRECT | O_DSYNC));
	return S_ISCHR(now.st_mode) || S_ISFIFO(now.st_mode);
}

void emu_print(const char *text, size_t len)
{
	if (emu_has_stderr())
		emu_sys(SYS_write, 2, text, len);
}

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
	emu_print(line, len);
}
