// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* main.c - /dev/exmap comes and goes */

#include <linux/miscdevice.h>
#include <linux/module.h>

#include "device.h"

static struct miscdevice exmap_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "exmap",
	.fops = &exmap_fops,
	.mode = 0600,
};

module_misc_device(exmap_misc);

MODULE_DESCRIPTION("Explicit, batched page allocation in a virtual memory area");
MODULE_LICENSE("Dual MIT/GPL");
