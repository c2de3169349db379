// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* inject.c - see inject.h */

#include "core/inject.h"

#include "core/chance.h"

/* Bytes that a backing is read in at least, so that a READ may end there. */
#define BLOCK 512

/**
 * struct occasion - a rule, and an operation that may be hit by it
 * @rule:   the rule
 * @count:  number of occasions of the rule with the interface, or the state of its random numbers;
 *          atomic
 * @seed:   what random decisions follow from
 * @stream: the stream of random numbers of this rule and interface
 */
struct occasion {
	const struct exmap_inject_rule *rule;
	u64 *count;
	u64 seed;
	u64 stream;
};

static u64 draw(const struct occasion *o)
{
	return exmap_random(o->count, o->seed, o->stream);
}

/* Whether the rule applies to this occasion, which is counted. */
static bool applies(const struct occasion *o)
{
	if (!o->rule->every)
		return exmap_happens(draw(o), o->rule->p);
	return exmap_add(o->count, 1) % o->rule->every == 0;
}

static bool meets(const struct exmap_inject_rule *rule, const struct exmap_run *run)
{
	return run->page <= rule->last && run->page + run->len > rule->first;
}

static bool meets_any(const struct exmap_inject_rule *rule, const struct exmap_run *runs,
		      u32 nr_runs)
{
	for (u32 i = 0; i < nr_runs; i++) {
		if (meets(rule, &runs[i]))
			return true;
	}
	return !nr_runs;
}

/*
 * Each page that the rule is about is an occasion. Return: number of pages before the first one
 * that the rule applies to; @most if there is none among so many. @at: set to that page.
 */
static u64 find_page(const struct occasion *o, const struct exmap_run *runs, u32 nr_runs, u64 most,
		     u64 *at)
{
	u64 passed = 0;

	for (u32 i = 0; i < nr_runs; i++) {
		for (u64 page = runs[i].page; page < runs[i].page + runs[i].len; page++) {
			if (passed == most)
				return most;
			if (page >= o->rule->first && page <= o->rule->last && applies(o)) {
				*at = page;
				return passed;
			}
			passed++;
		}
	}
	return most;
}

/* A number of bytes that ends inside a run, and no page or block too early. */
static u64 cut(const struct occasion *o, const struct exmap_run *run)
{
	u32 blocks = run->len * (EXMAP_PAGE_SIZE / BLOCK);
	u64 unused = 0;
	u64 random =
		o->rule->every ? exmap_random(&unused, o->seed, exmap_load(o->count)) : draw(o);

	return BLOCK * (1 + exmap_random_below(random, blocks - 1));
}

void exmap_inject(const struct exmap_inject_rules *rules, struct exmap_inject_state *state,
		  enum exmap_inject_op op, u32 id, const struct exmap_run *runs, u32 nr_runs,
		  struct exmap_injected *what)
{
	*what = (struct exmap_injected){ .bytes = U64_MAX };
	for (u32 i = 0; i < nr_runs; i++)
		what->fit += runs[i].len;
	for (u32 nr = 0; nr < rules->nr; nr++) {
		const struct exmap_inject_rule *rule = &rules->rule[nr];
		struct occasion o = {
			.rule = rule,
			.count = &state->occasions[nr][id],
			.seed = rule->seed ? rule->seed : state->seed,
			.stream = EXMAP_MAX_INTERFACES * (nr + 1) + id,
		};
		u64 *at = &what->page[nr];

		if (rule->op != op || (rule->interface >= 0 && (u32)rule->interface != id))
			continue;
		*at = nr_runs ? runs->page : 0;
		if (op == EXMAP_INJECT_ALLOC && rule->error) {
			u64 fit = find_page(&o, runs, nr_runs, what->fit, at);

			if (fit == what->fit)
				continue;
			what->fit = fit;
		} else if (!meets_any(rule, runs, nr_runs) || !applies(&o)) {
			continue;
		}
		what->rules |= 1U << nr;
		what->delay_ns += rule->delay_ns;
		if (rule->error)
			what->error = rule->error;
		if (rule->cut)
			what->bytes = EXMAP_MIN(what->bytes, cut(&o, runs));
	}
}

u64 exmap_inject_map(u64 (*map)(struct exmap_surface *s, u32 id, const struct exmap_run *runs,
				u32 nr_runs),
		     struct exmap_surface *s, u32 id, const struct exmap_run *runs, u32 nr_runs,
		     u64 fit)
{
	struct exmap_run part;
	u64 whole = 0;
	u64 mapped;
	u32 i;

	for (i = 0; i < nr_runs && whole + runs[i].len <= fit; i++)
		whole += runs[i].len;
	mapped = i ? map(s, id, runs, i) : 0;
	if (mapped < whole || whole == fit)
		return mapped;
	part = runs[i];
	part.len = fit - whole;
	return mapped + map(s, id, &part, 1);
}
