/* SPDX-License-Identifier: MIT */
/*
 * uring.h - io_uring: operations on exmaps among others in a ring
 *
 * Seen are rings whose system calls the shim sees: through syscall(3), and with
 * the trap those of liburing. When a thread submits, its entries that name an
 * exmap are carried out there and then, and what the kernel finds in their place
 * is a no-op with their result: so completions, links and fixed files are the
 * kernel's own, and in its order.
 */
#ifndef EXMAP_SHIM_URING_H
#define EXMAP_SHIM_URING_H

#include <stdbool.h>

#include "shim/syscall.h"

/* Whether this process has made a ring that we saw; atomic. */
extern bool uring_any __attribute__((visibility("hidden")));

/* The three system calls. Return: a negative errno for an error. */
long uring_setup(const struct syscall_args *args);
long uring_enter(const struct syscall_args *args);
long uring_register(const struct syscall_args *args);

/** uring_close() - the fd is about to be closed; if it is a ring, forget it. */
void uring_close(int fd);

/* Around fork(): hold the table of rings still. */
void uring_lock(void);
void uring_unlock(void);

#endif /* EXMAP_SHIM_URING_H */
