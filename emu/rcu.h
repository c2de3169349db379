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

/*
 * Have read sections inline, as liburcu offers to programs whose licence goes with the LGPL. Its
 * readers' memory is not aligned as its types say, which UndefinedBehaviorSanitizer would report.
 */
#ifndef EXMAP_SANITIZED
#define _LGPL_SOURCE
#endif
#include <urcu-bp.h>

#ifdef EXMAP_TSAN
void emu_rcu_read_lock(void);
void emu_rcu_read_unlock(void);
void emu_rcu_publish(void);
#else
static inline void emu_rcu_read_lock(void)
{
	urcu_bp_read_lock();
}

static inline void emu_rcu_read_unlock(void)
{
	urcu_bp_read_unlock();
}

/** emu_rcu_publish() - called before a pointer is stored where readers find it. */
static inline void emu_rcu_publish(void)
{
}
#endif

/** emu_rcu_synchronize() - wait until all read sections of now are over. */
void emu_rcu_synchronize(void);

/**
 * emu_rcu_may_wait() - whether this thread is outside every read section
 *
 * A signal handler that interrupted a reader on its own thread must not wait for that reader. What
 * it would free after a grace period it leaves alone: some pages are lost, in a case that no sane
 * client makes.
 */
static inline int emu_rcu_may_wait(void)
{
	return !urcu_bp_read_ongoing();
}

#endif /* EXMAP_EMU_RCU_H */
