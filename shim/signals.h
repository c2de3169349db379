/* SPDX-License-Identifier: MIT */
/*
 * signals.h - SIGSEGV and SIGBUS, shared with the client
 *
 * From the first exmap on, the kernel's handlers for both are ours, and what
 * the client asks for is kept here and done from there: it finds its own
 * settings, and gets SIGSEGV for missing pages whatever the kernel calls them.
 */
#ifndef EXMAP_SHIM_SIGNALS_H
#define EXMAP_SHIM_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/** signals_start() - take both over; again does nothing. Any thread. */
void signals_start(void);

/**
 * signals_start_sigsys() - SIGSYS too, for the trap; once, before there are threads
 * @handler: of the kernel
 * @mask:    signals to block meanwhile
 */
void signals_start_sigsys(void (*handler)(int sig, siginfo_t *info, void *context), uint64_t mask);

/** signals_deliver() - do with a signal of the three what the client wants, in its handler. */
void signals_deliver(siginfo_t *info, ucontext_t *uc);

/** signals_has() - whether the kernel's handler of a signal is ours. */
bool signals_has(int sig);

/** signals_exchange() - sigaction() of a signal whose handler is ours. */
void signals_exchange(int sig, const struct sigaction *action, struct sigaction *old);

#endif /* EXMAP_SHIM_SIGNALS_H */
