// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* main.c - loading and unloading the module */

#include <linux/miscdevice.h>
#include <linux/module.h>

#include "background.h"
#include "debug.h"
#include "fops.h"

static struct miscdevice exmap_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "exmap",
	.fops = &exmap_fops,
	.mode = 0600,
};

static int __init exmap_init(void)
{
	int ret = exmap_background_init();

	if (ret)
		return ret;
	exmap_debug_init();
	ret = misc_register(&exmap_misc);
	if (ret) {
		exmap_debug_exit();
		exmap_background_exit();
	}
	return ret;
}

/*
 * At this moment no file is open and no surface is mapped, because both hold the module. But exmaps
 * whose last file was just closed may still be in the workqueue: exmap_background_exit() waits for
 * them.
 */
static void __exit exmap_exit(void)
{
	misc_deregister(&exmap_misc);
	exmap_background_exit();
	exmap_debug_exit();
}

module_init(exmap_init);
module_exit(exmap_exit);

MODULE_DESCRIPTION("Explicit, batched page allocation in a virtual memory area");
MODULE_LICENSE("Dual MIT/GPL");
