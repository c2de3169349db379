// SPDX-License-Identifier: MIT
/* inject.c - see inject.h */

#define _GNU_SOURCE
#include "emu/inject.h"

#include "emu/chance.h"
#include "emu/failed.h"
#include "emu/options.h"
#include "emu/say.h"
#include "emu/sys.h"

/* Bytes that a backing is read in at least, so that a READ may end there. */
#define BLOCK 512

/* How many occasions each rule has had with each interface, or the state of its random numbers; atomic. */
static u64 occasions[EMU_INJECT_RULES][EXMAP_MAX_INTERFACES];

static u64 draw(const struct emu_inject_rule *rule, u32 nr, u32 id)
{
	u64 seed = rule->seed ? rule->seed : emu_options()->seed;

	return emu_random(&occasions[nr][id], seed, EXMAP_MAX_INTERFACES * (nr + 1) + id);
}

/* Whether a rule applies to this occasion, which is counted. */
static bool applies(const struct emu_inject_rule *rule, u32 nr, u32 id)
{
	if (!rule->every)
		return emu_happens(draw(rule, nr, id), rule->p);
	return __atomic_add_fetch(&occasions[nr][id], 1, __ATOMIC_RELAXED) % rule->every == 0;
}

static bool meets(const struct emu_inject_rule *rule, const struct exmap_run *run)
{
	return run->page <= rule->last && run->page + run->len > rule->first;
}

static bool meets_any(const struct emu_inject_rule *rule, const struct exmap_run *runs, u32 nr_runs)
{
	for (u32 i = 0; i < nr_runs; i++) {
		if (meets(rule, &runs[i]))
			return true;
	}
	return !nr_runs;
}

/*
 * Each page that a rule is about is an occasion. Return: number of pages before the first one that
 * the rule applies to; @most if there is none among so many. @at: set to that page.
 */
static u64 find_page(const struct emu_inject_rule *rule, u32 nr, u32 id,
		     const struct exmap_run *runs, u32 nr_runs, u64 most, u64 *at)
{
	u64 passed = 0;

	for (u32 i = 0; i < nr_runs; i++) {
		for (u64 page = runs[i].page; page < runs[i].page + runs[i].len; page++) {
			if (passed == most)
				return most;
			if (page >= rule->first && page <= rule->last && applies(rule, nr, id)) {
				*at = page;
				return passed;
			}
			passed++;
		}
	}
	return most;
}

static void wait_for(u64 ns)
{
	struct timespec time = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	/* A signal's handler may run meanwhile; the kernel updates what is left. */
	while (emu_sys(SYS_nanosleep, &time, &time) == -EINTR)
		;
}

/* A rule applies: notes what happens, and waits. */
static void strike(struct exmap_device *dev, u32 nr, u32 id, u64 page)
{
	const struct emu_inject_rule *rule = &emu_options()->inject[nr];
	static u32 times;

	__atomic_add_fetch(&dev->injected[nr], 1, __ATOMIC_RELAXED);
	if (rule->delay_ns)
		wait_for(rule->delay_ns);
	if (!(rule->error || rule->cut) || !emu_wants_note(&times))
		return;
	if (rule->op == EMU_INJECT_SETUP)
		emu_say("inject=%s", rule->text);
	else
		emu_say("inject=%s: page %llu, interface %u", rule->text, (unsigned long long)page,
			id);
}

/* A number of bytes that ends inside a run, and no page or block too early. */
static u64 cut(const struct emu_inject_rule *rule, u32 nr, u32 id, const struct exmap_run *run)
{
	u32 blocks = run->len * (EXMAP_PAGE_SIZE / BLOCK);
	u64 unused = 0;
	u64 random = rule->every ? emu_random(&unused, emu_options()->seed,
					      exmap_load(&occasions[nr][id])) :
				   draw(rule, nr, id);

	return BLOCK * (1 + emu_random_below(random, blocks - 1));
}

struct emu_injected emu_inject(struct exmap_device *dev, enum emu_inject_op op, u32 id,
			       const struct exmap_run *runs, u32 nr_runs)
{
	const struct emu_options *options = emu_options();
	struct emu_injected what = { .bytes = UINT64_MAX };

	for (u32 i = 0; i < nr_runs; i++)
		what.fit += runs[i].len;
	for (u32 nr = 0; nr < options->nr_inject; nr++) {
		const struct emu_inject_rule *rule = &options->inject[nr];
		u64 at = nr_runs ? runs->page : 0;

		if (rule->op != op || (rule->interface >= 0 && (u32)rule->interface != id))
			continue;
		if (op == EMU_INJECT_ALLOC && rule->error) {
			u64 fit = find_page(rule, nr, id, runs, nr_runs, what.fit, &at);

			if (fit == what.fit)
				continue;
			what.fit = fit;
		} else if (!meets_any(rule, runs, nr_runs) || !applies(rule, nr, id)) {
			continue;
		}
		strike(dev, nr, id, at);
		if (rule->error)
			what.error = rule->error;
		if (rule->cut)
			what.bytes = EXMAP_MIN(what.bytes, cut(rule, nr, id, runs));
	}
	return what;
}

void emu_report_injected(const struct exmap_device *dev)
{
	const struct emu_options *options = emu_options();

	for (u32 nr = 0; nr < options->nr_inject; nr++)
		emu_say("inject=%s: %llu times", options->inject[nr].text,
			(unsigned long long)exmap_load(&dev->injected[nr]));
}
