// SPDX-License-Identifier: MIT
/* hidden_fd.c - see hidden_fd.h */

#define _GNU_SOURCE
#include "emu/hidden_fd.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "emu/sys.h"

/* One bit for each fd number, set if the emulator has the fd; atomic. */
static uint64_t hidden[EMU_MAX_FDS / 64];

/* Return: the number from which on hidden fds are looked for. */
static long lowest_hidden(void)
{
	struct rlimit limit;
	long lowest = 256;

	if (!emu_sys(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) && limit.rlim_cur > 512) {
		lowest = limit.rlim_cur - 256;
		if (lowest > EMU_MAX_FDS - 512)
			lowest = EMU_MAX_FDS - 512;
		/* The kernel's fd table grows with the highest number: 32 KiB for 4096. */
		if (lowest > 4096)
			lowest = 4096;
	}
	return lowest;
}

static int mark_hidden(int fd)
{
	if (fd >= 0 && fd < EMU_MAX_FDS)
		__atomic_fetch_or(&hidden[fd / 64], 1ULL << fd % 64, __ATOMIC_RELEASE);
	return fd;
}

int emu_hide_copy(int fd)
{
	long copy = emu_sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest_hidden());

	if (copy < 0)
		copy = emu_sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 0);
	return mark_hidden(copy);
}

int emu_hide_fd(int fd)
{
	long high;

	if (fd < 0)
		return fd;
	high = emu_sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest_hidden());
	if (high >= 0) {
		emu_sys(SYS_close, fd);
		fd = high;
	}
	return mark_hidden(fd);
}

void emu_close_hidden(int fd)
{
	if (fd < 0)
		return;
	if (fd < EMU_MAX_FDS)
		__atomic_fetch_and(&hidden[fd / 64], ~(1ULL << fd % 64), __ATOMIC_RELEASE);
	emu_sys(SYS_close, fd);
}

bool emu_fd_is_hidden(int fd)
{
	return fd >= 0 && fd < EMU_MAX_FDS &&
	       __atomic_load_n(&hidden[fd / 64], __ATOMIC_ACQUIRE) & 1ULL << fd % 64;
}
