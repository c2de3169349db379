/* SPDX-License-Identifier: MIT */
/*
 * masks.h - signals that must not be blocked, though the client blocks them
 *
 * A thread that the kernel finds with SIGBUS blocked when it touches a missing
 * page dies, and so it does with SIGSYS at a trapped call. So they are taken out
 * of every mask that the kernel gets, and are in those that the client is shown.
 */
#ifndef EXMAP_SHIM_MASKS_H
#define EXMAP_SHIM_MASKS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "shim/syscall.h"

/* The kernel's sets are 64 bits; glibc's begin with them. */
#define MASKS_SIZE 8

static inline uint64_t masks_bit(int sig)
{
	return 1ULL << (sig - 1);
}

/** masks_word() - the kernel's part of a set. */
static inline uint64_t masks_word(const sigset_t *set)
{
	uint64_t word;

	memcpy(&word, set, sizeof(word));
	return word;
}

/** masks_set_word() - change the kernel's part of a set; glibc's rest stays. */
static inline void masks_set_word(sigset_t *set, uint64_t word)
{
	memcpy(set, &word, sizeof(word));
}

/** masks_keep_open() - from now on this signal is not to be blocked, by this thread neither. */
void masks_keep_open(int sig);

/** masks_open() - the signals that are not to be blocked. */
uint64_t masks_open(void);

/** masks_held() - those of them that the calling thread has blocked, for all it knows. */
uint64_t masks_held(void);

/** masks_thread_start() - a new thread has blocked what its maker had. */
void masks_thread_start(uint64_t held);

/**
 * masks_changed() - the calling thread has called sigprocmask()
 * @how: SIG_BLOCK ...
 * @set: the client's
 */
void masks_changed(int how, uint64_t set);

/** masks_defer() - if the thread has a signal of ours blocked, it waits for that to end. */
bool masks_defer(int sig);

/** masks_of_action() - exchange what the mask of a signal's handler says of ours. */
uint64_t masks_of_action(int sig, const uint64_t *mask);

/**
 * masks_filter() - a mask for the time of a call
 * @mask: the client's, at an address that may be bad
 * @size: of it
 * @copy: for one without what must not be blocked
 *
 * Return: the address that the kernel should get.
 */
const void *masks_filter(const void *mask, size_t size, uint64_t *copy);

/** masks_serve() - calls that wait with another mask; as syscall_serve(). */
bool masks_serve(long nr, const struct syscall_args *args, long *ret);

/** masks_call_sized() - one whose last argument is a structure of mask and size: a negative errno. */
long masks_call_sized(long nr, const struct syscall_args *args);

#endif /* EXMAP_SHIM_MASKS_H */
