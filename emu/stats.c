// SPDX-License-Identifier: MIT
/* stats.c - the table of one exmap's statistics; see stats.h */

#include "emu/stats.h"

#include <stdio.h>

#include "core/interface.h"
#include "emu/options.h"
#include "emu/say.h"
#include "emu/yield.h"

static void stats_row(const char *name, const struct exmap_counts *c, u64 steals)
{
	emu_say("%9s %12llu %12llu %12llu %10llu %15llu", name, (unsigned long long)c->actions,
		(unsigned long long)c->allocated, (unsigned long long)c->freed,
		(unsigned long long)steals, (unsigned long long)c->bytes_read);
}

void emu_report_stats(const struct exmap *x, u64 serial, const char *strategy, u64 faults,
		      u64 exposed)
{
	struct exmap_counts sum = { 0 };
	u64 steals = 0;
	u32 n = exmap_nr_interfaces(x);

	emu_say("statistics of exmap %llu: %llu frames, %u interfaces, strategy %s, %llu faults",
		(unsigned long long)serial, (unsigned long long)x->buffer_size, n,
		strategy ? strategy : "none (never mapped)", (unsigned long long)faults);
	if (exposed)
		emu_say("holes=readable: %llu times no mapping was left, and all free pages became "
			"readable: an access to one was no fault",
			(unsigned long long)exposed);
	emu_say("%9s %12s %12s %12s %10s %15s", "interface", "actions", "allocated", "freed",
		"steals", "bytes read");
	for (u32 i = 0; i < n; i++) {
		const struct exmap_counts *from = &x->interfaces[i]->counts;
		struct exmap_counts c = {
			.actions = exmap_load(&from->actions),
			.allocated = exmap_load(&from->allocated),
			.freed = exmap_load(&from->freed),
			.bytes_read = exmap_load(&from->bytes_read),
		};
		u64 stolen = exmap_load(&x->pool.lists[i].steals);
		char name[16];

		sum.actions += c.actions;
		sum.allocated += c.allocated;
		sum.freed += c.freed;
		sum.bytes_read += c.bytes_read;
		steals += stolen;
		if (!c.actions && !stolen)
			continue;
		snprintf(name, sizeof(name), "%u", i);
		stats_row(name, &c, stolen);
	}
	stats_row("all", &sum, steals);
	if (emu_options()->yield)
		emu_say("yield: threads of this process gave way %llu times",
			(unsigned long long)emu_yields());
}
