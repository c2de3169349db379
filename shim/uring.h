/* SPDX-License-Identifier: MIT */
/*
 * uring.h - io_uring's three system calls, for rings whose operations may be on exmaps
 *
 * The shim sees a ring if it sees the ring's system calls: those made by syscall(2),
 * and with the trap those of liburing. io_uring_setup() makes the ring known
 * (uring_setup.c), io_uring_register() takes exmaps among the registered files
 * (uring_register.c), and io_uring_enter() carries out what the client submits on an
 * exmap (uring_enter.c). All else is the kernel's.
 */
#ifndef EXMAP_SHIM_URING_H
#define EXMAP_SHIM_URING_H

#include <stdbool.h>

#include "shim/syscall_args.h"

/* Whether this process has ever made a ring that the shim saw. Atomic. */
extern bool uring_any __attribute__((visibility("hidden")));

/*
 * The system calls. Context: any thread. Return: the kernel's result, a negative errno
 * for an error.
 */
long uring_setup(const struct syscall_args *args);
long uring_enter(const struct syscall_args *args);
long uring_register(const struct syscall_args *args);

/** uring_close() - forget a ring whose fd is about to be closed. Any thread, any fd. */
void uring_close(int fd);

/* Hold the table of rings still, across a fork. */
void uring_lock(void);
void uring_unlock(void);

#endif /* EXMAP_SHIM_URING_H */
