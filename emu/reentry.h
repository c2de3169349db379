/* SPDX-License-Identifier: MIT */
/*
 * reentry.h - signal handlers that call the emulator in the middle of a call of their own thread
 *
 * The call that a handler has interrupted goes on only when the handler returns. If the handler
 * waits for a lock that the call holds, or for a page that it owns, it waits for ever. So each thread
 * notes what it is in the middle of. What a handler then must not do fails with EDEADLK, and a line
 * on stderr says why.
 *
 * The notes are of their own thread, and only its signal handlers come in between. Such a handler
 * leaves them as it found them.
 */
#ifndef EXMAP_EMU_REENTRY_H
#define EXMAP_EMU_REENTRY_H

#include <stdbool.h>

#include "core/platform.h"

struct exmap_device;

/* The exmap that this thread's ACTION or READ is on, or NULL. */
extern __thread struct exmap_device *emu_in_call __attribute__((visibility("hidden")));
/* Whether that call is a handler's, in the middle of a call on another exmap. */
extern __thread bool emu_in_second_call __attribute__((visibility("hidden")));
/* Number of locks that this thread holds, or waits for, other than those of one interface. */
extern __thread u32 emu_locks_held __attribute__((visibility("hidden")));

/** emu_note_lock() - the thread is about to take a lock. */
static inline void emu_note_lock(void)
{
	exmap_store(&emu_locks_held, emu_locks_held + 1);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/** emu_note_unlock() - the thread has released the lock. */
static inline void emu_note_unlock(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	exmap_store(&emu_locks_held, emu_locks_held - 1);
}

/** emu_may_lock() - whether no lock is held; otherwise the caller is a signal handler. */
static inline bool emu_may_lock(void)
{
	return !emu_locks_held;
}

/** emu_may_map() - whether no call is in progress, too: unmapping a surface waits for all calls. */
static inline bool emu_may_map(void)
{
	return emu_may_lock() && !emu_in_call;
}

/**
 * emu_call_begin() - note that a call on an exmap begins
 * @outer: set to what emu_call_end() wants
 *
 * Return: false, and the call must be refused, if it interrupts one on the same exmap, or two.
 */
static inline bool emu_call_begin(struct exmap_device *dev, struct exmap_device **outer)
{
	*outer = emu_in_call;
	if (exmap_unlikely(*outer)) {
		if (*outer == dev || emu_in_second_call)
			return false;
		exmap_store(&emu_in_second_call, true);
	}
	exmap_store(&emu_in_call, dev);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return true;
}

/** emu_call_end() - note that the call has ended. */
static inline void emu_call_end(struct exmap_device *outer)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	exmap_store(&emu_in_call, outer);
	if (exmap_unlikely(outer))
		exmap_store(&emu_in_second_call, false);
}

/** emu_refuse_reentry() - say, once, that a handler must not do this. Return: -EDEADLK. */
long emu_refuse_reentry(void);

#endif /* EXMAP_EMU_REENTRY_H */
