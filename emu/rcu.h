/* SPDX-License-Identifier: MIT */
/*
 * rcu.h - read-side protection of what may be taken away under a reader
 *
 * liburcu's "bulletproof" flavour: a thread need not register, which a library
 * that is preloaded under unknown threads cannot ask for. Published pointers
 * are plain C atomics. ThreadSanitizer does not see into liburcu, so here it is
 * told what a grace period orders.
 */
#ifndef EXMAP_EMU_RCU_H
#define EXMAP_EMU_RCU_H

#include <urcu-bp.h>

#ifdef __SANITIZE_THREAD__
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
extern char emu_rcu_tag;
#define emu_rcu_hb_before() __tsan_release(&emu_rcu_tag)
#define emu_rcu_hb_after() __tsan_acquire(&emu_rcu_tag)
#else
#define emu_rcu_hb_before() ((void)0)
#define emu_rcu_hb_after() ((void)0)
#endif

static inline void emu_rcu_read_lock(void)
{
	urcu_bp_read_lock();
}

static inline void emu_rcu_read_unlock(void)
{
	emu_rcu_hb_before();
	urcu_bp_read_unlock();
}

/**
 * emu_rcu_free() - free memory once no reader can still hold it
 * @memory: from malloc(), already out of reach for new readers
 *
 * Waits for the readers there are. A signal handler that interrupted a reader
 * on its own thread must not wait for it: then the memory is left alone. That
 * loses a few hundred bytes in a case that no sane client makes.
 */
void emu_rcu_free(void *memory);

/** emu_rcu_may_wait() - whether this thread is outside every read section. */
static inline int emu_rcu_may_wait(void)
{
	return !urcu_bp_read_ongoing();
}

static inline void emu_rcu_synchronize(void)
{
	urcu_bp_synchronize_rcu();
	emu_rcu_hb_after();
}

#endif /* EXMAP_EMU_RCU_H */
