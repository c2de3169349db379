/* SPDX-License-Identifier: MIT */
/* counter.h - the processor's counter of time: x86-64's time-stamp counter */
#ifndef EXMAP_ARCH_EMU_COUNTER_H
#define EXMAP_ARCH_EMU_COUNTER_H

#include <stdbool.h>
#include <stdint.h>
#include <x86intrin.h>

/** emu_counter() - the counter, perhaps before what comes before has been done. Any thread. */
static inline uint64_t emu_counter(void)
{
	return __rdtsc();
}

/** emu_counter_after() - the counter, after all that comes before has been done. Any thread. */
static inline uint64_t emu_counter_after(void)
{
	unsigned int cpu;

	return __rdtscp(&cpu);
}

/** emu_counter_is_steady() - whether emu_counter_after() works, and its rate is constant. */
bool emu_counter_is_steady(void) __attribute__((visibility("hidden")));

#endif /* EXMAP_ARCH_EMU_COUNTER_H */
