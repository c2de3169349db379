// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* main.c - /dev/exmap comes and goes */

#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>

#include "device.h"

static struct miscdevice exmap_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "exmap",
	.fops = &exmap_fops,
	.mode = 0600,
};

struct workqueue_struct *exmap_wq;

/* Exmaps that are not all gone. */
atomic_t exmap_live = ATOMIC_INIT(0);

static int __init exmap_init(void)
{
	int ret;

	exmap_wq = alloc_workqueue("exmap", WQ_UNBOUND, 0);
	if (!exmap_wq)
		return -ENOMEM;
	exmap_debug_init();
	ret = misc_register(&exmap_misc);
	if (ret) {
		exmap_debug_exit();
		destroy_workqueue(exmap_wq);
	}
	return ret;
}

/* No file is open and no surface mapped; what was may still be on its way out. */
static void __exit exmap_exit(void)
{
	misc_deregister(&exmap_misc);
	/* Surfaces hold exmaps, and both end by way of (S)RCU and the work queue. */
	wait_var_event(&exmap_live, !atomic_read(&exmap_live));
	mmu_notifier_synchronize();
	rcu_barrier();
	destroy_workqueue(exmap_wq);
	exmap_debug_exit();
}

module_init(exmap_init);
module_exit(exmap_exit);

MODULE_DESCRIPTION("Explicit, batched page allocation in a virtual memory area");
MODULE_LICENSE("Dual MIT/GPL");
