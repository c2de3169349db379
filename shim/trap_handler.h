/* SPDX-License-Identifier: MIT */
/* trap_handler.h - the handler of SIGSYS: serves a system call that was made outside libc */
#ifndef EXMAP_SHIM_TRAP_HANDLER_H
#define EXMAP_SHIM_TRAP_HANDLER_H

#include <signal.h>

/** trap_handle() - the handler, for trap_start(). */
void trap_handle(int sig, siginfo_t *info, void *context);

#endif /* EXMAP_SHIM_TRAP_HANDLER_H */
