/* SPDX-License-Identifier: MIT */
/*
 * signals.h - handlers of our own for SIGSEGV, SIGBUS and SIGSYS, and the client's behind them
 *
 * From the first exmap on, the kernel has handlers of ours for SIGSEGV and SIGBUS;
 * with the trap, for SIGSYS too. What the client sets for these three signals is
 * kept here as its disposition. The client is shown that, and our handlers do what
 * the kernel would have done with it. A SIGBUS for a page of a surface reaches the
 * client as the SIGSEGV that clause 6.1 promises.
 */
#ifndef EXMAP_SHIM_SIGNALS_H
#define EXMAP_SHIM_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/**
 * signals_find_sanitizer() - find out whether SIGSEGV has a sanitizer's handler
 *
 * Bad accesses are then reported although there is a handler. Context: once, before the client's own
 * code runs.
 */
void signals_find_sanitizer(void);

/**
 * signals_start() - install our handlers of SIGSEGV and SIGBUS, unless that is done
 *
 * Context: any thread, outside the handlers.
 */
void signals_start(void);

/**
 * signals_start_sigsys() - install the trap's handler of SIGSYS, and the two others
 * @handler: for the kernel; it passes what it has no use for to signals_deliver()
 * @mask:    signals that the kernel blocks while it runs
 *
 * Context: once, before there are threads.
 */
void signals_start_sigsys(void (*handler)(int sig, siginfo_t *info, void *context), uint64_t mask);

/**
 * signals_deliver() - do what the client's disposition says about a signal
 * @info: of one of our signals
 * @uc:   of our handler
 *
 * Calls the client's handler, which may leave by a jump or a C++ exception. Without one
 * it has the process die of the signal when our handler returns.
 *
 * Context: our handler of the signal.
 */
void signals_deliver(siginfo_t *info, ucontext_t *uc);

/** signals_has() - whether the kernel's handler of a signal is ours. Any thread. */
bool signals_has(int sig);

/**
 * signals_exchange() - sigaction() of a signal for which signals_has() says yes
 * @action: the new disposition, or NULL
 * @old:    filled in with the one before, or NULL; not the same memory as @action
 *
 * Context: any thread.
 */
void signals_exchange(int sig, const struct sigaction *action, struct sigaction *old);

#endif /* EXMAP_SHIM_SIGNALS_H */
