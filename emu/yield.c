// SPDX-License-Identifier: MIT
/* yield.c - see yield.h */

#define _GNU_SOURCE
#include "emu/yield.h"

#include "core/chance.h"
#include "emu/options.h"
#include "emu/sys.h"

#define SLEEP_NS 100000

/* The decisions of each interface, and of places without one, are a stream of their own. */
static u64 streams[EMU_NO_INTERFACE + 1];
static u64 yields;

u64 emu_yields(void)
{
	return exmap_load(&yields);
}

void emu_yield_perhaps(u32 id)
{
	const struct emu_options *options = emu_options();
	u64 random = exmap_random(&streams[id], options->seed, id);
	struct timespec moment = { .tv_nsec = SLEEP_NS };

	if (!exmap_happens(random, options->yield))
		return;
	__atomic_add_fetch(&yields, 1, __ATOMIC_RELAXED);
	/* The number's low half is independent of the high half, which has decided above. */
	if (random % 4)
		emu_sys(SYS_sched_yield);
	else
		emu_sys(SYS_nanosleep, &moment, NULL);
}
