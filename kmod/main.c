// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* main.c - loading and unloading the module */

#include <linux/miscdevice.h>
#include <linux/module.h>

#include "background.h"
#include "debug.h"
#include "fops.h"

#define EXMAP_MISC(device)                                                                      \
	{                                                                                       \
		.minor = MISC_DYNAMIC_MINOR, .name = device, .fops = &exmap_fops, .mode = 0600, \
	}

/* The same device by several names: clients of the LeanStore dialect open exmap0 to exmap4. */
static struct miscdevice exmap_misc[] = {
	EXMAP_MISC("exmap"),  EXMAP_MISC("exmap0"), EXMAP_MISC("exmap1"),
	EXMAP_MISC("exmap2"), EXMAP_MISC("exmap3"), EXMAP_MISC("exmap4"),
};

static void deregister(unsigned int n)
{
	while (n)
		misc_deregister(&exmap_misc[--n]);
}

static int __init exmap_init(void)
{
	int ret = exmap_background_init();
	unsigned int i;

	if (ret)
		return ret;
	exmap_debug_init();
	for (i = 0; i < ARRAY_SIZE(exmap_misc); i++) {
		ret = misc_register(&exmap_misc[i]);
		if (ret)
			break;
	}
	if (ret) {
		deregister(i);
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
	deregister(ARRAY_SIZE(exmap_misc));
	exmap_background_exit();
	exmap_debug_exit();
}

module_init(exmap_init);
module_exit(exmap_exit);

MODULE_DESCRIPTION("Explicit, batched page allocation in a virtual memory area");
MODULE_VERSION(EXMAP_VERSION);
MODULE_LICENSE("Dual MIT/GPL");
