/* SPDX-License-Identifier: MIT */
/*
 * ticks.h - the clock of the trace: the processor's counter of time
 *
 * To read it takes about a quarter of the time of clock_gettime(), of which an event would need two.
 * Where the counter's rate may change, a tick is a nanosecond of CLOCK_MONOTONIC.
 */
#ifndef EXMAP_EMU_TICKS_H
#define EXMAP_EMU_TICKS_H

#include <time.h>

#include "core/platform.h"
#include "emu/counter.h"
#include "emu/trace_format.h"

/* Set by emu_ticks_start(), before the first tick is asked for; then constant. */
extern enum emu_trace_clock emu_ticks_clock __attribute__((visibility("hidden")));

/** emu_ticks_start() - choose the clock. */
void emu_ticks_start(void);

/** emu_clock() - nanoseconds of a clock: CLOCK_MONOTONIC or CLOCK_REALTIME. Any thread. */
static inline u64 emu_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/**
 * emu_ticks() - the time before what follows
 *
 * The counter is read after everything that comes before has been done: a call that has got a lock
 * must not seem to begin before the call that had it ended. Any thread.
 */
static inline u64 emu_ticks(void)
{
	if (exmap_unlikely(emu_ticks_clock != EMU_TRACE_COUNTER))
		return emu_clock(CLOCK_MONOTONIC);
	return emu_counter_after();
}

#endif /* EXMAP_EMU_TICKS_H */
