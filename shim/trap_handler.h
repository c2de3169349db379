/* SPDX-License-Identifier: MIT */
/* trap_handler.h - the trap's handler: serves system calls that were made outside libc */
#ifndef EXMAP_SHIM_TRAP_HANDLER_H
#define EXMAP_SHIM_TRAP_HANDLER_H

#include <signal.h>

/**
 * trap_handle() - the kernel's handler of SIGSYS
 *
 * Serves a trapped system call, and leaves its result where the client's instruction
 * would have. Any other SIGSYS goes to the client's handler.
 */
void trap_handle(int sig, siginfo_t *info, void *context);

#endif /* EXMAP_SHIM_TRAP_HANDLER_H */
