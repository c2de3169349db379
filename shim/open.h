/* SPDX-License-Identifier: MIT */
/* open.h - what syscall() and streams need of open.c */
#ifndef EXMAP_SHIM_OPEN_H
#define EXMAP_SHIM_OPEN_H

#include <linux/openat2.h>
#include <stddef.h>

/** open_by_how() - openat2(), which has no function in libc; -1 and errno for an error. */
int open_by_how(int dir, const char *path, const struct open_how *how, size_t size);

/** open_on() - make an fd that is open a new exmap; -1 and errno for an error. */
int open_on(int fd, int flags);

#endif /* EXMAP_SHIM_OPEN_H */
