// SPDX-License-Identifier: MIT
/* main.c - what the shim does at the start and the end of the process */

#include "shim/real.h"

#include "emu/device.h"
#include "shim/fdtable.h"

static void __attribute__((constructor)) at_start(void)
{
	real_resolve_all();
}

static void __attribute__((destructor)) at_exit(void)
{
	if (fdtable_any())
		emu_report_all();
}
