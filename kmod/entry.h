/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * entry.h - how calls on interfaces begin and end, and how they are stopped
 *
 * A call holds its interface's lock from exmap_enter() to exmap_leave().
 *
 * A thread that changes the surface stops the calls first: it sets @stopped, then takes and
 * releases each interface's lock once, which waits for the calls in progress. No call begins until
 * exmap_start_calls().
 *
 * A call that reads the backing or waits *steps out*: it releases the lock and sets @away, which
 * keeps other calls off its interface. A thread that stops the calls does not wait for it. When the
 * call steps in again, it waits while calls are stopped, and finds out whether the surface is gone.
 */
#ifndef EXMAP_KMOD_ENTRY_H
#define EXMAP_KMOD_ENTRY_H

#include <linux/nospec.h>

#include "vma.h"

/**
 * exmap_stop_calls() - let no call begin until exmap_start_calls(), and wait for calls in progress
 * @dev: the exmap; its lock is held, here and in exmap_start_calls()
 */
void exmap_stop_calls(struct exmap_device *dev);
void exmap_start_calls(struct exmap_device *dev);

/**
 * exmap_serves() - whether a surface is mapped in the caller's address space
 * @dev: the exmap
 *
 * Without a lock the answer may be old at once. In a call, or under the device's lock, it is
 * stable.
 */
static inline bool exmap_serves(const struct exmap_device *dev)
{
	const struct mm_struct *mm = READ_ONCE(dev->mm);

	return mm && mm == current->mm;
}

/** exmap_surface_alive() - exmap_serves(), under the device's lock. */
bool exmap_surface_alive(struct exmap_device *dev);

/** exmap_surface_foreign() - whether another process has mapped the surface [1.4]. */
bool exmap_surface_foreign(struct exmap_device *dev);

/** exmap_is_mapped() - exmap_surface_alive(), without taking the lock if the answer is yes. */
static inline bool exmap_is_mapped(struct exmap_device *dev)
{
	return likely(exmap_serves(dev)) || exmap_surface_alive(dev);
}

/**
 * exmap_wait_enter() - the slow path of exmap_enter()
 * @dev:  the exmap
 * @port: the interface, locked
 *
 * Called if calls are stopped, if a call on the interface has stepped out, or if there is no
 * surface. Sleeps.
 *
 * Return: true when a call may begin; false, and the interface is not locked any more, if no
 * surface is mapped or the process is being killed.
 */
bool exmap_wait_enter(struct exmap_device *dev, struct exmap_port *port);

/**
 * exmap_enter() - begin a call: lock its interface
 * @call:   filled in
 * @dev:    the exmap, which stays until exmap_leave(): exmap_file_use()
 * @id:     number of the interface, below nr_interfaces
 * @opcode: of the call
 *
 * Sleeps. Return: false, and the interface is not locked, if no surface is mapped in the caller's
 * address space.
 */
static __always_inline bool exmap_enter(struct exmap_call *call, struct exmap_device *dev, u32 id,
					u32 opcode)
{
	struct exmap *x = &dev->core;
	struct exmap_interface *ifc = x->interfaces[array_index_nospec(id, x->nr_interfaces)];
	struct exmap_port *port = exmap_port_of(ifc);

	mutex_lock(&ifc->lock);
	/* Pairs with exmap_start_calls(). */
	if (unlikely(port->away || smp_load_acquire(&dev->stopped) || !exmap_serves(dev)) &&
	    !exmap_wait_enter(dev, port))
		return false;
	exmap_call_init(call, ifc, &dev->surface->core, opcode);
	return true;
}

/** exmap_leave() - end a call: unlock its interface. */
static inline void exmap_leave(struct exmap_call *call)
{
	struct exmap_port *port = exmap_port_of(call->ifc);
	struct exmap_vma *held = port->held;

	if (likely(!held)) {
		mutex_unlock(&port->core.lock);
		return;
	}
	port->held = NULL;
	mutex_unlock(&port->core.lock);
	exmap_vma_put(held);
}

/**
 * exmap_step_out() - release the interface's lock in the middle of a call
 * @s:    the surface of the call
 * @port: the interface
 *
 * No other call on the interface begins. Until exmap_step_in() the surface may be unmapped. Its
 * table and the pages that the call owns stay as they are.
 */
void exmap_step_out(struct exmap_vma *s, struct exmap_port *port);

/** exmap_step_in() - take the interface's lock again. Return: false if the surface was unmapped. */
bool exmap_step_in(struct exmap_vma *s, struct exmap_port *port);

#endif /* EXMAP_KMOD_ENTRY_H */
