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

/*
 * The file that descriptor 2 was when it was last chosen for messages; all 0 if it was closed. Atomic. A
 * message that is printed meanwhile may be lost.
 */
static uint64_t chosen_device, chosen_inode;

void emu_choose_stderr(void)
{
	struct stat st = { 0 };

	emu_sys(SYS_fstat, 2, &st);
	__atomic_store_n(&chosen_device, st.st_dev, __ATOMIC_RELAXED);
	__atomic_store_n(&chosen_inode, st.st_ino, __ATOMIC_RELAXED);
}

static void __attribute__((constructor)) at_start(void)
{
	emu_choose_stderr();
}

bool emu_has_stderr(void)
{
	long flags = emu_sys(SYS_fcntl, 2, F_GETFL);
	struct stat st;

	if (flags < 0 || emu_sys(SYS_fstat, 2, &st))
		return false;
	if (st.st_dev == __atomic_load_n(&chosen_device, __ATOMIC_RELAXED) &&
	    st.st_ino == __atomic_load_n(&chosen_inode, __ATOMIC_RELAXED))
		return true;
	/* freopen() is not seen. A log is for writing only, and the kernel may write it when it likes. */
	if (S_ISREG(st.st_mode))
		return (flags & O_ACCMODE) == O_WRONLY && !(flags & (O_DIRECT | O_DSYNC));
	return S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode);
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
