/* SPDX-License-Identifier: MIT */
/* io.h - what syscall() needs of io.c */
#ifndef EXMAP_SHIM_IO_H
#define EXMAP_SHIM_IO_H

/** io_syscall_action() - system call 400; a negative errno for an error. */
long io_syscall_action(int fd, unsigned int opcode, unsigned int interface, unsigned int iov_len)
	__attribute__((visibility("hidden")));

#endif /* EXMAP_SHIM_IO_H */
