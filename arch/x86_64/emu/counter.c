// SPDX-License-Identifier: MIT
/* counter.c - see counter.h */

#include "emu/counter.h"

#include <cpuid.h>

/* Bits of CPUID: the counter's rate is constant; RDTSCP is there. */
#define INVARIANT_TSC (1U << 8)
#define HAS_RDTSCP (1U << 27)

bool emu_counter_is_steady(void)
{
	unsigned int a, b, c, power = 0, features = 0;

	__get_cpuid(0x80000001, &a, &b, &c, &features);
	__get_cpuid(0x80000007, &a, &b, &c, &power);
	return features & HAS_RDTSCP && power & INVARIANT_TSC;
}
