/* SPDX-License-Identifier: MIT */
/*
 * trap.h - the trap: turn on the catching of system calls that are made outside libc
 *
 * LD_PRELOAD sees calls of libc's functions. A program or library may also make
 * system calls with instructions of its own: Rust's rustix, Go, liburing, inline
 * assembly. The kernel's Syscall User Dispatch catches these. With the trap on, a
 * system call from anywhere but libc's text does not reach the kernel; the thread
 * gets a SIGSYS, and its handler (trap_handler.c) serves the call.
 *
 * The kernel keeps the setting for each thread, and drops it at fork, vfork and exec.
 * So a program that is executed without the shim never gets a SIGSYS by it, and
 * the shim turns the trap on again in each new thread and in each forked child.
 */
#ifndef EXMAP_SHIM_TRAP_H
#define EXMAP_SHIM_TRAP_H

#include <signal.h>
#include <stdbool.h>

#include "shim/masks.h"

/* Whether this process has the trap. Written by trap_start() before there are threads. */
extern bool trap_is_on __attribute__((visibility("hidden")));

/**
 * trap_start() - trap_handler_start(), with the handler that it brings
 * @handler: of SIGSYS
 */
void trap_start(void (*handler)(int sig, siginfo_t *info, void *context));

/**
 * trap_thread_start() - turn the trap on in this thread, if the process has it
 *
 * Context: a new thread that libc knows, or the only thread of a forked child.
 */
void trap_thread_start(void);

/** trap_warn_of_thread() - say once that a thread is made in which the trap cannot be on. */
void trap_warn_of_thread(void);

/**
 * trap_mask() - the signals that are blocked while the handler of SIGSYS runs
 *
 * All but those that an instruction of the handler may raise, and the two (32 and 33)
 * that libc uses for itself.
 */
static inline uint64_t trap_mask(void)
{
	return ~(masks_bit(SIGSYS) | masks_bit(SIGSEGV) | masks_bit(SIGBUS) | masks_bit(SIGILL) |
		 masks_bit(SIGFPE) | masks_bit(SIGTRAP) | masks_bit(32) | masks_bit(33));
}

#endif /* EXMAP_SHIM_TRAP_H */
