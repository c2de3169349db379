/* SPDX-License-Identifier: MIT */
/* open.h - opening an exmap other than by a libc function that open.c defines */
#ifndef EXMAP_SHIM_OPEN_H
#define EXMAP_SHIM_OPEN_H

#include <linux/openat2.h>
#include <stddef.h>

#include "emu/device.h"

/**
 * open_openat2() - openat2(2), for which libc has no function
 * @dir:  directory fd that a relative path starts from, or AT_FDCWD
 * @path: the client's, good or bad
 * @how:  the client's, good or bad
 * @size: of *@how, in bytes
 *
 * Context: any thread.
 * Return: an fd, or -1 with errno set.
 */
int open_openat2(int dir, const char *path, const struct open_how *how, size_t size);

/**
 * open_replace() - make an fd that is open already a new exmap
 * @fd:    open; what it was is closed, as by dup3()
 * @flags: O_...
 * @name:  what is opened
 *
 * Context: any thread.
 * Return: @fd, or -1 with errno set.
 */
int open_replace(int fd, int flags, enum emu_name name);

#endif /* EXMAP_SHIM_OPEN_H */
