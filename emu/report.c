// SPDX-License-Identifier: MIT
/* report.c - see report.h */

#include "emu/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "emu/device.h"
#include "emu/options.h"
#include "emu/process.h"
#include "emu/sys.h"

void emu_say(const char *format, ...)
{
	char line[512] = "exmap: ";
	size_t len = strlen(line);
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line + len, sizeof(line) - len - 1, format, args);
	va_end(args);
	if (n < 0)
		return;
	len += (size_t)n < sizeof(line) - len - 1 ? (size_t)n : sizeof(line) - len - 2;
	line[len++] = '\n';
	emu_sys(SYS_write, 2, line, len);
}

static void stats_row(const char *name, const struct exmap_counts *c, u64 steals)
{
	emu_say("%9s %12llu %12llu %12llu %10llu %15llu", name, (unsigned long long)c->actions,
		(unsigned long long)c->allocated, (unsigned long long)c->freed,
		(unsigned long long)steals, (unsigned long long)c->bytes_read);
}

void emu_report_stats(struct exmap_device *dev)
{
	struct exmap_counts sum = { 0 };
	u64 steals = 0;
	u32 n = exmap_load_acquire(&dev->nr_interfaces);

	emu_say("statistics of exmap %llu: %llu frames, %u interfaces, strategy %s, %llu faults",
		(unsigned long long)dev->serial, (unsigned long long)dev->buffer_size, n,
		dev->last_mover ? dev->last_mover : "none (never mapped)",
		(unsigned long long)exmap_load(&dev->faults));
	emu_say("%9s %12s %12s %12s %10s %15s", "interface", "actions", "allocated", "freed",
		"steals", "bytes read");
	for (u32 i = 0; i < n; i++) {
		const struct exmap_counts *from = &dev->interfaces[i].counts;
		struct exmap_counts c = { exmap_load(&from->actions), exmap_load(&from->allocated),
					  exmap_load(&from->freed), exmap_load(&from->bytes_read) };
		u64 stolen = exmap_load(&dev->pool.lists[i].steals);
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
}

bool emu_marking;

void emu_start_marking(void)
{
	__atomic_store_n(&emu_marking, RUNNING_ON_VALGRIND && emu_options()->memcheck,
			 __ATOMIC_RELAXED);
}

void emu_make_noaccess(const void *addr, size_t len)
{
	VALGRIND_MAKE_MEM_NOACCESS(addr, len);
}

void emu_make_undefined(const void *addr, size_t len)
{
	VALGRIND_MAKE_MEM_UNDEFINED(addr, len);
}

void emu_make_defined(const void *addr, size_t len)
{
	VALGRIND_MAKE_MEM_DEFINED(addr, len);
}
