/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * entry.h - calls on interfaces begin and end, and are kept out while the surface changes
 *
 * A call holds its interface's lock. A thread that changes the surface stops the calls: it passes
 * once through every interface's lock, and no call begins until it starts them again. Neither waits
 * for a call that has stepped out.
 */
#ifndef EXMAP_KMOD_ENTRY_H
#define EXMAP_KMOD_ENTRY_H

#include <linux/nospec.h>

#include "vma.h"

/** exmap_stop_calls() - keep all interfaces' calls out, and wait for those inside. */
void exmap_stop_calls(struct exmap_device *dev);
void exmap_start_calls(struct exmap_device *dev);

/** exmap_serves() - whether the surface is there, and the caller's; stable only in a call. */
static inline bool exmap_serves(const struct exmap_device *dev)
{
	const struct mm_struct *mm = READ_ONCE(dev->mm);

	return mm && mm == current->mm;
}

/** exmap_surface_alive() - exmap_serves(), at a moment at which the surface does not change. */
bool exmap_surface_alive(struct exmap_device *dev);

/** exmap_surface_foreign() - whether another process has mapped the surface [1.4]. */
bool exmap_surface_foreign(struct exmap_device *dev);

/** exmap_is_mapped() - exmap_surface_alive(), without a lock where the answer is yes. */
static inline bool exmap_is_mapped(struct exmap_device *dev)
{
	return likely(exmap_serves(dev)) || exmap_surface_alive(dev);
}

/** exmap_wait_enter() - the end of exmap_enter() where the interface is not to be used yet. */
bool exmap_wait_enter(struct exmap_device *dev, struct exmap_port *port);

/**
 * exmap_enter() - lock an interface for a call
 * @call:   filled in
 * @id:     the interface's number, checked
 * @opcode: the call's
 *
 * Return: false if no surface is mapped, and the interface is not locked.
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

/** exmap_leave() - the call ends. */
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
 * exmap_step_out() - let the interface's lock go during a call, and keep other calls off
 *
 * Between this and exmap_step_in() the surface may go, though not its table. A thread that stops
 * the calls does not wait for this one.
 */
void exmap_step_out(struct exmap_vma *s, struct exmap_port *port);

/** exmap_step_in() - take the lock again. Return: false if the surface is gone. */
bool exmap_step_in(struct exmap_vma *s, struct exmap_port *port);

#endif /* EXMAP_KMOD_ENTRY_H */
