/* SPDX-License-Identifier: MIT */
/*
 * blocked_threads.h - threads that had an open signal blocked before it became one
 *
 * masks.c sees each change of a mask from the first exmap on. It does not see what a thread blocked
 * before. Such a thread would die of the first missing page that it touches, if the kernel reports
 * that as a SIGBUS.
 */
#ifndef EXMAP_SHIM_BLOCKED_THREADS_H
#define EXMAP_SHIM_BLOCKED_THREADS_H

/**
 * blocked_threads_open() - have the open signals unblocked and held in all threads; see masks.h
 *
 * Sends a signal to each thread that has one of them blocked. A system call that the thread waits
 * in may fail with EINTR, as it may by the setuid() of another thread. A thread that cannot be
 * reached is named on stderr. Does nothing after the first time.
 *
 * Context: any thread, outside signal handlers, no lock held.
 */
void blocked_threads_open(void);

#endif /* EXMAP_SHIM_BLOCKED_THREADS_H */
