// SPDX-License-Identifier: MIT
/* rcu.c - see rcu.h */

#include "emu/rcu.h"

#include <pthread.h>

#ifdef EXMAP_TSAN
/*
 * The shim is not instrumented, because the sanitizer's own start-up code calls it. So
 * ThreadSanitizer does not see how its atomics order memory, and these functions tell it:
 * a reader sees all that was published before, and a grace period ends after all readers.
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

	/* The wait is a cancellation point. A thread cancelled here would leave locks held. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	urcu_bp_synchronize_rcu();
	pthread_setcancelstate(state, NULL);
#ifdef EXMAP_TSAN
	__tsan_acquire(&readers);
#endif
}
