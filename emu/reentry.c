// SPDX-License-Identifier: MIT
/* reentry.c - see reentry.h */

#include "emu/reentry.h"

#include "emu/say.h"

__thread struct exmap_device *emu_in_call;
__thread bool emu_in_second_call;
__thread u32 emu_locks_held;

long emu_refuse_reentry(void)
{
	emu_say_once(
		"a signal handler has called an exmap in the middle of a call on it, and would "
		"wait for itself (EDEADLK); block the signal during calls, or have the handler "
		"set a flag");
	return -EDEADLK;
}
