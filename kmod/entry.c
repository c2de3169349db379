// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* entry.c - how calls begin, end and are stopped; see entry.h */

#include <linux/sched/signal.h>
#include <linux/wait_bit.h>

#include "entry.h"

void exmap_stop_calls(struct exmap_device *dev)
{
	u32 i;

	lockdep_assert_held(&dev->lock);
	WRITE_ONCE(dev->stopped, true);
	for (i = 0; i < dev->core.nr_interfaces; i++) {
		mutex_lock(&dev->core.interfaces[i]->lock);
		mutex_unlock(&dev->core.interfaces[i]->lock);
	}
}

void exmap_start_calls(struct exmap_device *dev)
{
	lockdep_assert_held(&dev->lock);
	/*
	 * Release: a call that sees @stopped false in exmap_enter() sees all changes of the surface
	 * that were made while calls were stopped.
	 */
	smp_store_release(&dev->stopped, false);
}

bool exmap_surface_alive(struct exmap_device *dev)
{
	bool ret;

	/* The surface does not change under the lock. */
	mutex_lock(&dev->lock);
	ret = exmap_serves(dev);
	mutex_unlock(&dev->lock);
	return ret;
}

bool exmap_surface_foreign(struct exmap_device *dev)
{
	bool ret;

	mutex_lock(&dev->lock);
	ret = dev->surface && dev->surface->mm != current->mm;
	mutex_unlock(&dev->lock);
	return ret;
}

bool exmap_wait_enter(struct exmap_device *dev, struct exmap_port *port)
{
	for (;;) {
		bool away = port->away;

		/* Pairs with exmap_start_calls(). */
		if (!away && !smp_load_acquire(&dev->stopped))
			break;
		mutex_unlock(&port->core.lock);
		if (fatal_signal_pending(current) || !exmap_surface_alive(dev))
			return false;
		/*
		 * If @away was set, the call that has stepped out wakes this thread. Otherwise
		 * calls are stopped. Nothing wakes this thread when they start again, so it looks
		 * again after a while.
		 */
		if (away)
			wait_var_event(&port->away, !READ_ONCE(port->away));
		else
			exmap_wait(8);
		mutex_lock(&port->core.lock);
	}
	if (exmap_serves(dev))
		return true;
	mutex_unlock(&port->core.lock);
	return false;
}

void exmap_step_out(struct exmap_vma *s, struct exmap_port *port)
{
	if (!port->held) {
		kref_get(&s->refs);
		port->held = s;
	}
	WRITE_ONCE(port->away, true);
	mutex_unlock(&port->core.lock);
}

bool exmap_step_in(struct exmap_vma *s, struct exmap_port *port)
{
	bool alive;

	for (;;) {
		mutex_lock(&port->core.lock);
		alive = !READ_ONCE(s->dead);
		/* Pairs with exmap_start_calls(). */
		if (!alive || !smp_load_acquire(&s->dev->stopped))
			break;
		mutex_unlock(&port->core.lock);
		exmap_wait(8);
	}
	WRITE_ONCE(port->away, false);
	wake_up_var(&port->away);
	return alive;
}
