// SPDX-License-Identifier: MIT
/* ticks.c - see ticks.h */

#include "emu/ticks.h"

#include <cpuid.h>

/* Bits of CPUID: the counter's rate is constant; RDTSCP is there. */
#define INVARIANT_TSC (1U << 8)
#define HAS_RDTSCP (1U << 27)

enum emu_trace_clock emu_ticks_clock;

void emu_ticks_start(void)
{
	unsigned int a, b, c, power = 0, features = 0;

	__get_cpuid(0x80000001, &a, &b, &c, &features);
	__get_cpuid(0x80000007, &a, &b, &c, &power);
	emu_ticks_clock = features & HAS_RDTSCP && power & INVARIANT_TSC ? EMU_TRACE_TSC :
									   EMU_TRACE_NANOSECONDS;
}
