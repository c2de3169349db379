// SPDX-License-Identifier: MIT
/* ticks.c - see ticks.h */

#include "emu/ticks.h"

enum emu_trace_clock emu_ticks_clock;

void emu_ticks_start(void)
{
	emu_ticks_clock = emu_counter_is_steady() ? EMU_TRACE_COUNTER : EMU_TRACE_NANOSECONDS;
}
