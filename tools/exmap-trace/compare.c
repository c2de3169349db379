// SPDX-License-Identifier: MIT
/* compare.c - see compare.h */

#include "compare.h"

#include <errno.h>
#include <stdlib.h>

/* Differences that are shown; all are counted. */
#define SHOWN 20

/* A step of one trace, and what the other one has in its place. */
struct result {
	int64_t result;
	const struct emu_trace_call *call;
	const uint64_t *words;
};

static uint64_t word_of(const struct result *r, uint32_t i)
{
	return r->words ? r->words[i] : call_result(r->call, i);
}

static bool has_vectors(const struct result *r)
{
	return r->call && has_results(r->call) && r->result >= 0;
}

static bool ran_out(const struct result *r)
{
	if (r->result == -ENOMEM)
		return true;
	for (uint32_t i = 0; has_vectors(r) && i < r->call->nr; i++) {
		struct exmap_iov result = { .value = word_of(r, i) };

		if (result.res == -ENOMEM)
			return true;
	}
	return false;
}

static bool equal(const struct result *a, const struct result *b)
{
	if (a->result != b->result)
		return false;
	for (uint32_t i = 0; has_vectors(a) && i < a->call->nr; i++) {
		if (word_of(a, i) != word_of(b, i))
			return false;
	}
	return true;
}

static enum verdict judge(const struct step *step, const struct result *a, const struct result *b)
{
	if (equal(a, b))
		return SAME;
	if (step->raced || (step->overlap && (ran_out(a) || ran_out(b))))
		return RACED;
	return DIFFERENT;
}

static struct result recorded(const struct step *step)
{
	const struct emu_trace_event *in = step->event->in;

	return (struct result){ in->result, is_call(in) ? call_of(in) : NULL, NULL };
}

enum verdict compare_outcome(const struct step *step, const struct outcome *outcome)
{
	struct result old = recorded(step);
	struct result new = { outcome->result, old.call, outcome->words };

	return outcome->skipped ? SAME : judge(step, &old, &new);
}

/* Whether a step is compared: a replay maps interface pages, and opens and closes, as it likes. */
static bool counts(const struct step *step)
{
	const struct emu_trace_event *in = step->event->in;
	const struct emu_trace_map *map = (const void *)in;

	if (in->kind == EMU_TRACE_MMAP)
		return map->offset == EXMAP_OFF_EXMAP;
	return is_call(in) || in->kind == EMU_TRACE_SETUP;
}

static const struct step *next_counting(const struct lane *lane, uint32_t *at)
{
	while (*at < lane->nr) {
		const struct step *step = &lane->steps[(*at)++];

		if (counts(step))
			return step;
	}
	return NULL;
}

/* Whether two calls ask for the same. */
static bool same_request(const struct emu_trace_event *a, const struct emu_trace_event *b)
{
	const struct emu_trace_call *x = call_of(a), *y = call_of(b);
	uint64_t words = a->kind == EMU_TRACE_ACTION ? 1 : 2;

	if (a->kind != b->kind)
		return false;
	if (a->kind == EMU_TRACE_MMAP)
		return ((const struct emu_trace_map *)a)->len ==
		       ((const struct emu_trace_map *)b)->len;
	if (a->kind == EMU_TRACE_SETUP)
		return ((const struct emu_trace_setup *)a)->frames ==
			       ((const struct emu_trace_setup *)b)->frames &&
		       ((const struct emu_trace_setup *)a)->interfaces ==
			       ((const struct emu_trace_setup *)b)->interfaces;
	if (a->opcode != b->opcode || a->interface != b->interface || x->nr != y->nr ||
	    has_words(x) != has_words(y) || x->target != y->target)
		return false;
	for (uint64_t i = 0; has_words(x) && i < words * x->nr; i++) {
		if (x->word[i] != y->word[i])
			return false;
	}
	return true;
}

/* The thread of @b that is thread @i of @a: by its number, if all are the same; else by its place. */
static uint32_t partner(const struct trace *a, const struct trace *b, uint32_t i)
{
	uint32_t found = i;

	for (uint32_t k = 0; k < a->nr_threads; k++) {
		uint32_t j = 0;

		while (j < b->nr_threads && b->threads[j].tid != a->threads[k].tid)
			j++;
		if (j == b->nr_threads)
			return i;
		if (k == i)
			found = j;
	}
	return found;
}

struct counting {
	const struct trace *a;
	const struct trace *b;
	uint64_t same;
	uint64_t raced;
	uint64_t different;
	bool strict;
};

static void show(struct counting *c, const struct step *x, const struct step *y)
{
	if (++c->different > SHOWN)
		return;
	printf("< ");
	if (x)
		print_event(stdout, c->a, x->event, true);
	else
		printf("no further call\n");
	printf("> ");
	if (y)
		print_event(stdout, c->b, y->event, true);
	else
		printf("no further call\n");
}

static void compare_lanes(struct counting *c, const struct lane *a, const struct lane *b)
{
	uint32_t i = 0, j = 0;

	for (;;) {
		const struct step *x = next_counting(a, &i), *y = next_counting(b, &j);
		struct result old, new;
		enum verdict verdict;

		if (!x && !y)
			return;
		/* From here on the threads do different things: to compare more says nothing. */
		if (!x || !y || !same_request(x->event->in, y->event->in)) {
			show(c, x, y);
			return;
		}
		old = recorded(x);
		new = recorded(y);
		verdict = judge(x, &old, &new);
		c->same += verdict == SAME;
		c->raced += verdict == RACED;
		if (verdict == DIFFERENT || (verdict == RACED && c->strict))
			show(c, x, y);
	}
}

int diff(const struct trace *a, const struct trace *b, bool strict)
{
	static const struct lane none;
	struct plan *x = plan_of(a, false), *y = plan_of(b, true);
	struct counting c = { .a = a, .b = b, .strict = strict };

	for (uint32_t i = 0; i < x->nr_lanes; i++) {
		uint32_t j = partner(a, b, i);

		compare_lanes(&c, &x->lanes[i], j < y->nr_lanes ? &y->lanes[j] : &none);
	}
	for (uint32_t j = x->nr_lanes; j < y->nr_lanes; j++)
		compare_lanes(&c, &none, &y->lanes[j]);
	if (c.different > SHOWN)
		printf("... and %llu more\n", (unsigned long long)c.different - SHOWN);
	if (a->dropped || b->dropped)
		complain("events that are missing in %s: %llu, in %s: %llu; what follows them may "
			 "differ for that",
			 a->path, (unsigned long long)a->dropped, b->path,
			 (unsigned long long)b->dropped);
	if (c.raced && !strict)
		complain("results that differ as they may, as their calls raced in %s: %llu; "
			 "--strict shows them",
			 a->path, (unsigned long long)c.raced);
	plan_free(x);
	plan_free(y);
	return c.different ? EXIT_DIFFERENT : 0;
}
