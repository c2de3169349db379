/* SPDX-License-Identifier: MIT */
/* trap_handler.h - the trap's handler: serves system calls that were made outside libc */
#ifndef EXMAP_SHIM_TRAP_HANDLER_H
#define EXMAP_SHIM_TRAP_HANDLER_H

/**
 * trap_handler_start() - turn the trap on, if the options ask for it and this process can have it
 *
 * Says on stderr why, if it was asked for and cannot be had.
 *
 * Context: once, at the start of the process, before there are threads.
 */
void trap_handler_start(void);

#endif /* EXMAP_SHIM_TRAP_HANDLER_H */
