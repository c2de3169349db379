// SPDX-License-Identifier: MIT
/*
 * Distributions build with _FORTIFY_SOURCE: then these calls go to __open_2() and the like, not
 * to open().
 */
#include <fcntl.h>
#include <unistd.h>

#include "two_devices.h"

#if !defined(_FORTIFY_SOURCE) || _FORTIFY_SOURCE < 2
#error "this file tests fortified calls"
#endif

int fortified_open(const char *path, int flags)
{
	return open(path, flags);
}

int fortified_open64(const char *path, int flags)
{
	return open64(path, flags);
}

int fortified_openat(int dir, const char *path, int flags)
{
	return openat(dir, path, flags);
}

int fortified_openat64(int dir, const char *path, int flags)
{
	return openat64(dir, path, flags);
}

long fortified_pread(int fd, void *buf, unsigned long len, long offset)
{
	return pread(fd, buf, len, offset);
}
