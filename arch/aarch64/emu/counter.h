/* SPDX-License-Identifier: MIT */
/*
 * counter.h - the processor's counter of time: arm64's virtual counter
 *
 * It counts at 1 GHz from Armv8.6 on, and before at 24 to 100 MHz in most machines: there a tick
 * is 10 to 40 ns.
 */
#ifndef EXMAP_ARCH_EMU_COUNTER_H
#define EXMAP_ARCH_EMU_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/** emu_counter() - the counter, perhaps before what comes before has been done. Any thread. */
static inline uint64_t emu_counter(void)
{
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
}

/** emu_counter_after() - the counter, after all that comes before has been done. Any thread. */
static inline uint64_t emu_counter_after(void)
{
	__asm__ volatile("isb" : : : "memory");
	return emu_counter();
}

/** emu_counter_is_steady() - whether its rate is constant: the architecture says so. */
static inline bool emu_counter_is_steady(void)
{
	return true;
}

#endif /* EXMAP_ARCH_EMU_COUNTER_H */
