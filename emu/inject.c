// SPDX-License-Identifier: MIT
/* inject.c - see inject.h */

#define _GNU_SOURCE
#include "emu/inject.h"

#include "emu/failed.h"
#include "emu/options.h"
#include "emu/say.h"
#include "emu/sys.h"

/* Of all exmaps; atomic. */
static struct exmap_inject_state state;

static void wait_for(u64 ns)
{
	struct timespec time = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	/* A signal's handler may run meanwhile; the kernel updates what is left. */
	while (emu_sys(SYS_nanosleep, &time, &time) == -EINTR)
		;
}

/* A rule applies: counts that, and notes what happens. */
static void strike(struct exmap_device *dev, u32 nr, u32 id, u64 page)
{
	const struct exmap_inject_rule *rule = &emu_options()->inject.rule[nr];
	static u32 times;

	__atomic_add_fetch(&dev->injected[nr], 1, __ATOMIC_RELAXED);
	if (!(rule->error || rule->cut) || !emu_wants_note(&times))
		return;
	if (rule->op == EXMAP_INJECT_SETUP)
		emu_say("inject=%s", rule->text);
	else
		emu_say("inject=%s: page %llu, interface %u", rule->text, (unsigned long long)page,
			id);
}

struct exmap_injected emu_inject(struct exmap_device *dev, enum exmap_inject_op op, u32 id,
				 const struct exmap_run *runs, u32 nr_runs)
{
	const struct exmap_inject_rules *rules = &emu_options()->inject;
	struct exmap_injected what;

	exmap_store(&state.seed, emu_options()->seed);
	exmap_inject(rules, &state, op, id, runs, nr_runs, &what);
	for (u32 nr = 0; nr < rules->nr; nr++) {
		if (what.rules & 1U << nr)
			strike(dev, nr, id, what.page[nr]);
	}
	if (what.delay_ns)
		wait_for(what.delay_ns);
	return what;
}

void emu_report_injected(const struct exmap_device *dev)
{
	const struct exmap_inject_rules *rules = &emu_options()->inject;

	for (u32 nr = 0; nr < rules->nr; nr++)
		emu_say("inject=%s: %llu times", rules->rule[nr].text,
			(unsigned long long)exmap_load(&dev->injected[nr]));
}
