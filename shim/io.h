/* SPDX-License-Identifier: MIT */
/* io.h - what syscall() needs of io.c */
#ifndef EXMAP_SHIM_IO_H
#define EXMAP_SHIM_IO_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

/** io_flags_are_good() - whether a read with these flags of preadv2() is one for an exmap. */
static inline bool io_flags_are_good(int flags)
{
	return !(flags & ~RWF_HIPRI);
}

/** io_offset() - offset -1 means the file position, which an exmap does not have. */
static inline off_t io_offset(off_t offset)
{
	return offset == -1 ? 0 : offset;
}

/** io_syscall_action() - system call 400; a negative errno for an error. */
long io_syscall_action(int fd, unsigned int opcode, unsigned int interface, unsigned int iov_len);

#endif /* EXMAP_SHIM_IO_H */
