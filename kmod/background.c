// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* background.c - the workqueue that frees exmaps and surfaces; see background.h */

#include <linux/atomic.h>
#include <linux/mmu_notifier.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/wait_bit.h>

#include "background.h"

static struct workqueue_struct *queue;

/* Number of exmaps that are not freed yet. */
static atomic_t live = ATOMIC_INIT(0);

/* Number of surfaces and exmaps of which nobody has a mapping or a file any more. */
static atomic_t ending = ATOMIC_INIT(0);

int exmap_background_init(void)
{
	queue = alloc_workqueue("exmap", WQ_UNBOUND, 0);
	return queue ? 0 : -ENOMEM;
}

void exmap_background_exit(void)
{
	/*
	 * A surface holds a reference to its exmap, so no surface is left once @live is 0. What is
	 * left are callbacks of SRCU and RCU that have yet to return.
	 */
	wait_var_event(&live, !atomic_read(&live));
	mmu_notifier_synchronize();
	rcu_barrier();
	destroy_workqueue(queue);
}

void exmap_background_flush(void)
{
	wait_var_event_timeout(&ending, !atomic_read(&ending), 10 * HZ);
}

void exmap_background_ends(void)
{
	atomic_inc(&ending);
}

void exmap_background_ended(void)
{
	if (atomic_dec_and_test(&ending))
		wake_up_var(&ending);
}

void exmap_background_add(void)
{
	atomic_inc(&live);
}

void exmap_background_done(void)
{
	if (atomic_dec_and_test(&live))
		wake_up_var(&live);
}

void exmap_background_queue(struct work_struct *work)
{
	queue_work(queue, work);
}
