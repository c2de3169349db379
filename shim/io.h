/* SPDX-License-Identifier: MIT */
/* io.h - reads and actions, for callers that are no libc function */
#ifndef EXMAP_SHIM_IO_H
#define EXMAP_SHIM_IO_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

/** io_flags_are_valid() - whether an exmap takes these RWF_... flags of preadv2() [5.1]. */
static inline bool io_flags_are_valid(int flags)
{
	return !(flags & ~RWF_HIPRI);
}

/** io_offset() - the offset to read at: -1 means the file position, which is always 0 [5.1]. */
static inline off_t io_offset(off_t offset)
{
	return offset == -1 ? 0 : offset;
}

/**
 * io_action() - system call 400: an ACTION without ioctl() [7.4]
 *
 * Context: any thread, outside RCU read sections.
 * Return: the number of vectors that failed, or a negative errno.
 */
long io_action(int fd, unsigned int opcode, unsigned int interface, unsigned int iov_len);

#endif /* EXMAP_SHIM_IO_H */
