// SPDX-License-Identifier: MIT
/* main.c - what the shim does at the end of the process; it begins with open() */

#include "emu/device.h"
#include "shim/fdtable.h"

static void __attribute__((destructor)) at_exit(void)
{
	if (fdtable_any())
		emu_report_all();
}
