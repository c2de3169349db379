/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * platform.h - what differs between user space and the kernel: types, atomics, locks
 *
 * The rest of core/ uses these names only, and so compiles for both. It allocates no memory, prints
 * nothing, and knows no address space.
 *
 * Atomics work on plain fields, as the kernel's do. A field that is accessed by atomics says so
 * where it is declared.
 */
#ifndef EXMAP_CORE_PLATFORM_H
#define EXMAP_CORE_PLATFORM_H

#include "include/exmap.h"

#define EXMAP_PAGE_SHIFT 12
#define EXMAP_PAGE_SIZE (1UL << EXMAP_PAGE_SHIFT)

#ifdef __KERNEL__

#include <linux/bug.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <asm/barrier.h>
#include <asm/cmpxchg.h>

/*
 * The same names are defined for user space below:
 *
 * exmap_load, exmap_store  relaxed
 * exmap_load_acquire       pairs with a release of the same field
 * exmap_store_release      pairs with an acquire of the same field
 * exmap_try_cmpxchg        at least acquire and release. Returns whether it exchanged; if not,
 *                          *old is set to the value found
 * exmap_put                a store in a loop, of a word that no other thread reads meanwhile, but
 *                          for a client that reads its results too early
 */
#define exmap_load(p) READ_ONCE(*(p))
#define exmap_load_acquire(p) smp_load_acquire(p)
#define exmap_store(p, v) WRITE_ONCE(*(p), v)
#define exmap_store_release(p, v) smp_store_release(p, v)
#define exmap_try_cmpxchg(p, old, new) try_cmpxchg(p, old, new)
/*
 * A plain store would let the compiler join the loop into memcpy() or memset(). These are string
 * instructions in the kernel, which are slow to start.
 */
#define exmap_put(p, v) WRITE_ONCE(*(p), v)

#define exmap_likely(x) likely(x)
#define exmap_unlikely(x) unlikely(x)
#define exmap_assert(cond) WARN_ON_ONCE(!(cond))
#define exmap_cacheline_aligned ____cacheline_aligned

typedef struct mutex exmap_lock_t;

#define exmap_lock_init(lock) mutex_init(lock)
#define exmap_lock_destroy(lock) mutex_destroy(lock)
#define exmap_lock(lock) mutex_lock(lock)
#define exmap_trylock(lock) mutex_trylock(lock)
#define exmap_unlock(lock) mutex_unlock(lock)

/*
 * sparse checks that each function leaves a lock as it found it. A cursor (struct locked_block,
 * struct exmap_cursor) keeps a lock from one function to the next, which sparse cannot follow:
 * __release() and __acquire() hide these locks from sparse.
 */
typedef spinlock_t exmap_spin_t;

static inline void exmap_spin_init(exmap_spin_t *lock)
{
	spin_lock_init(lock);
}

static inline void exmap_spin_lock(exmap_spin_t *lock)
{
	spin_lock(lock);
	__release(lock);
}

static inline void exmap_spin_unlock(exmap_spin_t *lock)
{
	__acquire(lock);
	spin_unlock(lock);
}

static inline void exmap_wait(unsigned int round)
{
	if (round < 8)
		cond_resched();
	else
		usleep_range(20, 1000);
}

#else

/* An EXMAP_CHECK build evaluates exmap_assert() even if it is optimised and defines NDEBUG. */
#ifdef EXMAP_CHECK
#undef NDEBUG
#endif
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef int32_t s32;
typedef uint32_t u32;
typedef int64_t s64;
typedef uint64_t u64;

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define U32_MAX UINT32_MAX
#define U64_MAX UINT64_MAX

#define exmap_load(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define exmap_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define exmap_store(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define exmap_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
/*
 * A plain store, so that the compiler may join the stores of a loop. Under ThreadSanitizer it is an
 * atomic store: a client that reads its results too early races with the emulator, and that report
 * would be about the client.
 */
#ifdef __SANITIZE_THREAD__
#define exmap_put(p, v) exmap_store(p, v)
#else
#define exmap_put(p, v) (*(p) = (v))
#endif
#define exmap_try_cmpxchg(p, old, new) \
	__atomic_compare_exchange_n(p, old, new, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

#define exmap_likely(x) __builtin_expect(!!(x), 1)
#define exmap_unlikely(x) __builtin_expect(!!(x), 0)
#define exmap_assert(cond) assert(cond)
#define exmap_cacheline_aligned __attribute__((aligned(64)))

/*
 * A lock that sleeps: an action holds its interface's lock across system calls. With more threads
 * than CPUs, a waiter that spins would take the CPU that the holder needs.
 */
typedef pthread_mutex_t exmap_lock_t;

static inline void exmap_lock_init(exmap_lock_t *lock)
{
	pthread_mutex_init(lock, NULL);
}

static inline void exmap_lock_destroy(exmap_lock_t *lock)
{
	pthread_mutex_destroy(lock);
}

static inline void exmap_lock(exmap_lock_t *lock)
{
	pthread_mutex_lock(lock);
}

static inline bool exmap_trylock(exmap_lock_t *lock)
{
	return pthread_mutex_trylock(lock) == 0;
}

static inline void exmap_unlock(exmap_lock_t *lock)
{
	pthread_mutex_unlock(lock);
}

/*
 * exmap_wait() - let some time pass in a loop that waits
 * @round: number of turns that the caller has waited before: 0, 1, 2 ...
 *
 * The caller waits for another thread's system call to end, which at the longest reads the backing.
 * The first 8 turns yield the CPU. Later turns sleep, up to 1 ms each.
 *
 * nanosleep() is a cancellation point. Cancellation is off during it, because the caller holds
 * locks, which a cancelled thread would never release.
 */
static inline void exmap_wait(unsigned int round)
{
	struct timespec ts = { .tv_nsec = round < 30 ? 1000L << (round / 3) : 1000000L };
	int state;

	if (round < 8) {
		sched_yield();
		return;
	}
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	nanosleep(&ts, NULL);
	pthread_setcancelstate(state, NULL);
}

/*
 * A lock that is held while some hundred words are written at most. The holder may lose its CPU all
 * the same, so a waiter calls exmap_wait(). A lock whose memory is all zero is unlocked.
 */
typedef u32 exmap_spin_t;

static inline void exmap_spin_lock(exmap_spin_t *lock)
{
	unsigned int round = 0;

	while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
		exmap_wait(round++);
}

static inline void exmap_spin_unlock(exmap_spin_t *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

#endif /* !__KERNEL__ */

/** exmap_add() - add @n to an atomic counter that is seldom shared. Return: the sum. */
static inline u64 exmap_add(u64 *counter, u64 n)
{
	u64 old = exmap_load(counter);

	while (!exmap_try_cmpxchg(counter, &old, old + n))
		;
	return old + n;
}

#define EXMAP_MIN(a, b) ((a) < (b) ? (a) : (b))
#define EXMAP_MAX(a, b) ((a) > (b) ? (a) : (b))

#endif /* EXMAP_CORE_PLATFORM_H */
