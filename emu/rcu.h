/* SPDX-License-Identifier: MIT */
/*
 * rcu.h - read sections, during which a file, an exmap or a surface is not freed
 *
 * liburcu's "bulletproof" flavour, in which threads do not register: the shim is preloaded into
 * programs whose threads it does not make. Published pointers are plain C atomics.
 * ThreadSanitizer does not see into liburcu, so the functions below tell it about the order.
 */
#ifndef EXMAP_EMU_RCU_H
#define EXMAP_EMU_RCU_H

/*
 * _LGPL_SOURCE makes read sections inline; liburcu offers that to programs whose licence is
 * compatible with the LGPL. Not under sanitizers: UndefinedBehaviorSanitizer would report that
 * liburcu's data of readers is less aligned than its type says.
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

/** emu_rcu_publish() - to be called before a pointer is stored where readers find it. */
static inline void emu_rcu_publish(void)
{
}
#endif

/**
 * emu_rcu_synchronize() - wait for a grace period: until all read sections that have begun end
 *
 * Outside read sections; see emu_rcu_may_wait().
 */
void emu_rcu_synchronize(void);

/**
 * emu_rcu_may_wait() - whether this thread may call emu_rcu_synchronize()
 *
 * If a signal handler has interrupted a read section of its own thread, the section does not end
 * while the handler waits. Such a caller does not wait, and does not free what it should free
 * after the grace period. The memory is lost; exmap(7) forbids clients to do that.
 */
static inline int emu_rcu_may_wait(void)
{
	return !urcu_bp_read_ongoing();
}

#endif /* EXMAP_EMU_RCU_H */
