// SPDX-License-Identifier: MIT
/*
 * main.c - what the shim does at the start and at the end of the process
 *
 * Nothing here touches an exmap. The emulator starts with the first open() of
 * /dev/exmap: see open.c.
 */

#include "shim/real.h"

#include <dlfcn.h>

#include "emu/device.h"
#include "emu/trace_file.h"
#include "shim/fdtable.h"
#include "shim/fork.h"
#include "shim/signals.h"
#include "shim/trap.h"
#include "shim/trap_handler.h"

static void __attribute__((constructor)) at_start(void)
{
	real_resolve_all();
	/* Not by its name, which is ours here: a sanitizer's comes first, and must know the thread. */
	emu_create_thread = (__typeof__(emu_create_thread))dlsym(RTLD_DEFAULT, "pthread_create");
	signals_find_sanitizer();
	fork_start();
	trap_handler_start();
}

static void __attribute__((destructor)) at_exit(void)
{
	if (!fdtable_any())
		return;
	emu_report_all();
	emu_trace_say_end();
}
