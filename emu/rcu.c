// SPDX-License-Identifier: MIT
/* rcu.c - see rcu.h */

#include "emu/rcu.h"

#include <pthread.h>

#ifdef EXMAP_TSAN
/*
 * The shim's part is not instrumented, because the sanitizer's own start calls
 * it, so the order that its atomics make is told here: what was published is
 * seen by later readers, and what readers did is over after a grace period.
 */
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);

static char published;
static char readers;

void emu_rcu_read_lock(void)
{
	urcu_bp_read_lock();
	__tsan_acquire(&published);
}

void emu_rcu_read_unlock(void)
{
	__tsan_release(&readers);
	urcu_bp_read_unlock();
}

void emu_rcu_publish(void)
{
	__tsan_release(&published);
}
#endif

void emu_rcu_synchronize(void)
{
	int state;

	/* It sleeps, and the caller may hold locks: no place for pthread_cancel(). */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	urcu_bp_synchronize_rcu();
	pthread_setcancelstate(state, NULL);
#ifdef EXMAP_TSAN
	__tsan_acquire(&readers);
#endif
}
