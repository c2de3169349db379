/* SPDX-License-Identifier: MIT */
/*
 * trap.h - system calls that are made outside libc
 *
 * LD_PRELOAD sees calls that go through libc's symbols. Those that a program or
 * a library makes with instructions of its own (Rust's rustix, Go, liburing,
 * inline assembly) are caught by the kernel's Syscall User Dispatch: a system
 * call from any place but libc's text becomes a SIGSYS, whose handler serves it
 * as the same call by name would be, or makes it on the client's behalf.
 *
 * The kernel has this per thread, and forgets it at fork, at vfork and at exec:
 * a program that does not know of it never dies of it. So it is turned on again
 * in each new thread and in forked children.
 */
#ifndef EXMAP_SHIM_TRAP_H
#define EXMAP_SHIM_TRAP_H

#include <signal.h>
#include <stdbool.h>

#include "shim/masks.h"

/* Whether the trap is set; written by trap_start() before there are threads. */
extern bool trap_is_on __attribute__((visibility("hidden")));

/** trap_start() - set it in this thread, if the options say so; at the start of the process. */
void trap_start(void (*handler)(int sig, siginfo_t *info, void *context));

/** trap_thread_start() - set it in a new thread or a forked child, if the process has it. */
void trap_thread_start(void);

/** trap_tell_of_thread() - say once that a thread is made whose calls are not seen. */
void trap_tell_of_thread(void);

/** trap_mask() - the kernel's mask in the handler: all but what faults raise, and libc uses itself. */
static inline uint64_t trap_mask(void)
{
	return ~(masks_bit(SIGSYS) | masks_bit(SIGSEGV) | masks_bit(SIGBUS) | masks_bit(SIGILL) |
		 masks_bit(SIGFPE) | masks_bit(SIGTRAP) | masks_bit(32) | masks_bit(33));
}

#endif /* EXMAP_SHIM_TRAP_H */
