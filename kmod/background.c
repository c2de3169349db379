// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* background.c - see background.h */

#include <linux/atomic.h>
#include <linux/mmu_notifier.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/wait_bit.h>

#include "background.h"

static struct workqueue_struct *queue;

/* Exmaps that have not ended; atomic. */
static atomic_t live = ATOMIC_INIT(0);

int exmap_background_init(void)
{
	queue = alloc_workqueue("exmap", WQ_UNBOUND, 0);
	return queue ? 0 : -ENOMEM;
}

void exmap_background_exit(void)
{
	/* Surfaces hold exmaps, and both end by way of (S)RCU and the work queue. */
	wait_var_event(&live, !atomic_read(&live));
	mmu_notifier_synchronize();
	rcu_barrier();
	destroy_workqueue(queue);
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
