/* SPDX-License-Identifier: MIT */
/*
 * masks.h - signals that the kernel must not find blocked, though the client blocks them
 *
 * If a thread touches a page that is not allocated while SIGBUS is blocked, the
 * kernel kills the process instead of calling the handler. The same goes for SIGSYS
 * at a trapped system call. So these signals, the open ones, are taken out of every
 * mask on its way to the kernel, and are added to every mask that the client is
 * shown. For each thread and each open signal there are three states:
 *
 *   state      in the client's mask   in the kernel's   kill() of this signal
 *   unblocked  no                     no                is delivered
 *   held       yes                    no                makes it waiting
 *   waiting    yes                    no                changes nothing
 *
 * When the client unblocks a waiting signal, it is sent to the thread once more.
 *
 * Example: the process has opened an exmap, and a thread blocks SIGBUS and SIGINT.
 * The kernel gets a mask with SIGINT alone. SIGBUS is held. The thread touches a
 * page that is not allocated: the kernel calls our SIGBUS handler, and the client
 * gets its SIGSEGV. Somebody sends the thread a SIGBUS: it waits.
 *
 * All functions here are for any thread; those that handlers call are
 * async-signal-safe, for they make system calls and use atomic variables only.
 */
#ifndef EXMAP_SHIM_MASKS_H
#define EXMAP_SHIM_MASKS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "shim/syscall_args.h"

/* Bytes of a signal set of the kernel's. glibc's sets are longer and begin with it. */
#define MASKS_SIZE 8

/** masks_bit() - the bit of a signal in a set of the kernel's. */
static inline uint64_t masks_bit(int sig)
{
	return 1ULL << (sig - 1);
}

/** masks_word() - a set of glibc's as one of the kernel's. */
static inline uint64_t masks_word(const sigset_t *set)
{
	uint64_t word;

	memcpy(&word, set, sizeof(word));
	return word;
}

/** masks_set_word() - change the part of a set of glibc's that the kernel uses. */
static inline void masks_set_word(sigset_t *set, uint64_t word)
{
	memcpy(set, &word, sizeof(word));
}

/**
 * masks_add_open() - make a signal an open one, for the rest of the process's life
 *
 * If the calling thread has it blocked, it is unblocked in the kernel and held. Other
 * threads that have it blocked keep it so until blocked_threads.c reaches them.
 */
void masks_add_open(int sig);

/**
 * masks_open_context() - have the open signals that a thread has blocked unblocked and held
 * @uc: of a handler, which the thread returns from
 */
void masks_open_context(ucontext_t *uc);

/** masks_open() - the set of open signals. */
uint64_t masks_open(void);

/** masks_held() - the set of open signals that the calling thread holds. */
uint64_t masks_held(void);

/**
 * masks_thread_start() - set up a new thread
 * @held: what the thread that made it held: masks are inherited
 *
 * Context: the new thread, before any code of the client's.
 */
void masks_thread_start(uint64_t held);

/**
 * masks_change_held() - note a change of the client's mask, which has succeeded
 * @how: SIG_BLOCK, SIG_UNBLOCK or SIG_SETMASK
 * @set: as the client gave it
 *
 * Sends the waiting signals that are no longer held. The kernel's mask is the caller's
 * to change.
 */
void masks_change_held(int how, uint64_t set);

/**
 * masks_defer() - whether a signal that was sent has to wait, as the thread holds it
 *
 * Context: our handler of an open signal. If it returns true, the signal is now waiting.
 */
bool masks_defer(int sig);

/**
 * masks_exchange_action() - the open signals in the mask of a handler of the client's
 * @sig:  whose handler; its action is the kernel's, so the kernel lacks these bits
 * @mask: the new action's mask, or NULL to leave what is kept
 *
 * Return: the open signals that the action's mask had before.
 */
uint64_t masks_exchange_action(int sig, const uint64_t *mask);

/**
 * masks_filter() - take the open signals out of a mask that a system call sets while it waits
 * @mask: the client's, good or bad, or NULL
 * @size: that the client gave for it, in bytes
 * @copy: memory for the changed mask
 *
 * Return: what to pass to the kernel: @copy, or @mask if the kernel is to judge it.
 */
const void *masks_filter(const void *mask, size_t size, uint64_t *copy);

/**
 * masks_serve() - make a system call that waits with a mask of its own, such as ppoll()
 * @nr:   SYS_...
 * @args: as for the kernel
 * @ret:  filled in with what libc's function would return: -1 and errno for an error
 *
 * Return: false if @nr is no such call; then nothing was done.
 */
bool masks_serve(long nr, const struct syscall_args *args, long *ret);

/**
 * masks_sized_call() - the same for pselect6() and io_pgetevents()
 *
 * Their sixth argument points to a structure with the mask's address and size.
 *
 * Return: the kernel's answer, a negative errno for an error.
 */
long masks_sized_call(long nr, const struct syscall_args *args);

#endif /* EXMAP_SHIM_MASKS_H */
