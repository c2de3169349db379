/* SPDX-License-Identifier: MIT */
/* backing.h - the file or block device behind an exmap */
#ifndef EXMAP_EMU_BACKING_H
#define EXMAP_EMU_BACKING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/**
 * emu_backing_open() - take a reference to the client's backing
 * @fd: what SETUP was given, not negative
 *
 * Return: a hidden fd; -EBADF if it will not do [3.3].
 */
int emu_backing_open(int fd);

/**
 * emu_backing_read() - read a page-aligned piece of it
 * @fd:     from emu_backing_open()
 * @ranges: where to, page-aligned, of sizes that are multiples of the page size; used up
 * @n:      how many, at most UIO_MAXIOV
 * @offset: where, a multiple of the page size
 *
 * Return: bytes, fewer than asked only at its end, or a negative errno.
 */
int64_t emu_backing_read(int fd, struct iovec *ranges, size_t n, uint64_t offset);

#endif /* EXMAP_EMU_BACKING_H */
