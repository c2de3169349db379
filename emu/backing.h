/* SPDX-License-Identifier: MIT */
/* backing.h - the file or block device behind an exmap */
#ifndef EXMAP_EMU_BACKING_H
#define EXMAP_EMU_BACKING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/**
 * emu_backing_open() - duplicate the fd that SETUP was given, for READ
 * @fd: the client's fd, not negative
 *
 * READ goes on when the client closes @fd. Under verbose=1 a line on stderr says why @fd is
 * refused. Any thread.
 *
 * Return: a hidden fd, for emu_close_hidden(); -EBADF if @fd is not a readable file or block
 * device that was opened with O_DIRECT [3.3]; the errno of duplicating it, such as -EMFILE.
 */
int emu_backing_open(int fd);

/**
 * emu_backing_size() - the size of a backing
 * @fd: from emu_backing_open(), or -1
 *
 * Return: bytes; -1 if there is no backing.
 */
int64_t emu_backing_size(int fd);

/* Where the backing seems to end to reads of the calling thread; inject= sets that for a READ. */
extern __thread uint64_t emu_backing_end __attribute__((visibility("hidden")));

/**
 * emu_backing_read() - read neighbouring pages of the backing into ranges of memory
 * @fd:     from emu_backing_open()
 * @ranges: where to read to; page-aligned, and multiples of the page size long; overwritten
 * @n:      number of ranges, at most UIO_MAXIOV
 * @offset: first byte to read, a multiple of the page size
 *
 * Goes on after signals and short reads. Any thread.
 *
 * Return: bytes read, fewer than asked only at the end of the backing; or the kernel's negative
 * errno, also if some bytes were read before the error.
 */
int64_t emu_backing_read(int fd, struct iovec *ranges, size_t n, uint64_t offset);

#endif /* EXMAP_EMU_BACKING_H */
