// SPDX-License-Identifier: MIT
/* exit.c - _exit() and _Exit(), which end the process without destructors: the trace is written */

#include "shim/real.h"

#include <stdlib.h>

#include "emu/sys.h"
#include "emu/trace_file.h"

static _Noreturn void leave(int status)
{
	emu_trace_say_end();
	for (;;)
		emu_sys(SYS_exit_group, status);
}

EXPORT void _exit(int status)
{
	leave(status);
}

EXPORT void _Exit(int status)
{
	leave(status);
}
