// SPDX-License-Identifier: MIT
/* plans.c - makes a plan for each combination of the values in the options' lists */

#define _GNU_SOURCE
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LIST 32

struct list {
	int n;
	char *word[MAX_LIST];
};

/* Splits a list at its commas. The words are never freed. */
static void split(struct list *list, const char *text)
{
	char *rest = strdup(text), *word;

	list->n = 0;
	while ((word = strsep(&rest, ","))) {
		if (list->n == MAX_LIST) {
			fprintf(stderr, "exmap-bench: '%s' has more than %d words; name fewer\n",
				text, MAX_LIST);
			exit(1);
		}
		list->word[list->n++] = word;
	}
}

static enum pattern pattern_of(const char *name)
{
	for (int i = 0; i < NR_PATTERNS; i++) {
		if (!strcmp(pattern_names[i], name))
			return i;
	}
	fprintf(stderr, "exmap-bench: no pattern '%s'; --help lists them\n", name);
	exit(1);
}

static bool yes(const char *word)
{
	if (strcmp(word, "yes") && strcmp(word, "no")) {
		fprintf(stderr, "exmap-bench: --touch=%s is neither yes nor no; say one of these\n",
			word);
		exit(1);
	}
	return *word == 'y';
}

bool backend_is_here(const char *backend)
{
	return strcmp(backend, "exmap") || !access("/dev/exmap", F_OK);
}

/* Whether the backend is here, and the plan means something on it. */
static bool makes_sense(const struct plan *plan, const char *backend)
{
	/* It has no pattern but SHADOW. */
	if (!strcmp(backend, "bare-memcpy"))
		return plan->pattern == SHADOW;
	if (!backend_is_here(backend))
		return false;
	/* A page of anonymous memory appears only when it is touched. */
	return plan->touch || plan->pattern == EMPTY || strncmp(backend, "anon", 4);
}

static void check(const struct plan *plan)
{
	int most = plan->pattern == SHADOW ? MAX_OBJECT - 1 : MAX_BATCH;

	if (plan->threads < 1 || plan->threads > MAX_THREADS || plan->batch < 1 ||
	    plan->batch > most) {
		fprintf(stderr,
			"exmap-bench: %d threads with batches of %d are not possible; ask for 1 "
			"to %d threads, and batches of 1 to %d\n",
			plan->threads, plan->batch, MAX_THREADS, most);
		exit(1);
	}
	if (plan->interfaces &&
	    (plan->interfaces < plan->threads || plan->interfaces > MAX_INTERFACES)) {
		fprintf(stderr,
			"exmap-bench: %d interfaces are not possible; ask for an interface for "
			"each thread at least, and at most %d\n",
			plan->interfaces, MAX_INTERFACES);
		exit(1);
	}
	if (plan->run < 1 || plan->batch % plan->run) {
		fprintf(stderr,
			"exmap-bench: batches of %d are no runs of %d; take a --run-length that "
			"divides --batch\n",
			plan->batch, plan->run);
		exit(1);
	}
	if (plan->pages < (size_t)plan->batch || plan->pages > UINT32_MAX) {
		fprintf(stderr,
			"exmap-bench: a working set of %zu pages is not possible; take --pages "
			"from --batch (%d) to %u\n",
			plan->pages, plan->batch, UINT32_MAX);
		exit(1);
	}
	if (plan->surface && pattern_reads(plan->pattern)) {
		fprintf(stderr,
			"exmap-bench: --surface is not for READs, as their file has no more "
			"pages than the working sets; leave it out\n");
		exit(1);
	}
	if (plan->pattern == SCAN && plan_frames(plan) < (size_t)plan->threads * plan->batch) {
		fprintf(stderr,
			"exmap-bench: scan needs frames for a batch of each thread; take more "
			"--frames, or smaller batches\n");
		exit(1);
	}
}

/* Return: number of neighbouring pages; only in RUNS does the option --run-length say it. */
static int run_of(const struct plan *plan)
{
	if (plan->pattern == SCATTERED || plan->pattern == PAGE_READ)
		return 1;
	return plan->pattern == RUNS ? plan->run : plan->batch;
}

static int add(struct result *results, int n, const struct options *options, struct plan plan)
{
	static struct list backends;

	if (!backends.n)
		split(&backends, options->backends);
	plan.unchecked = options->unchecked;
	plan.run = run_of(&plan);
	plan.seconds = options->seconds;
	check(&plan);
	for (int i = 0; i < backends.n; i++) {
		if (!makes_sense(&plan, backends.word[i]))
			continue;
		if (n == MAX_RESULTS) {
			fprintf(stderr, "exmap-bench: more than %d measurements; ask for fewer\n",
				MAX_RESULTS);
			exit(1);
		}
		results[n++] = (struct result){ .plan = plan, .backend = backends.word[i] };
	}
	return n;
}

/* --set=module: the plans by which kernel modules of exmap have been compared. */
static const struct plan module_set[] = {
	{ NEIGHBOURS, .threads = 8, .touch = true },
	{ SCATTERED, .threads = 1 },
	{ SCATTERED, .threads = 2 },
	{ SCATTERED, .threads = 1, .touch = true },
	{ SCATTERED, .threads = 2, .touch = true },
	{ RUN, .threads = 1 },
	{ RUN, .threads = 2 },
	{ BATCH_READ, .threads = 1 },
	{ BATCH_READ, .threads = 2 },
	{ EMPTY, .threads = 1 },
};

static int from_set(const struct options *options, struct result *results)
{
	int n = 0;

	if (strcmp(options->set, "module")) {
		fprintf(stderr, "exmap-bench: no set '%s'; there is: module\n", options->set);
		exit(1);
	}
	for (size_t i = 0; i < sizeof(module_set) / sizeof(module_set[0]); i++) {
		struct plan plan = module_set[i];

		plan.batch = MAX_BATCH;
		plan.pages = strtoul(options->pages, NULL, 0);
		n = add(results, n, options, plan);
	}
	return n;
}

enum { PATTERNS, THREADS, BATCHES, TOUCH, RUN_LENGTHS, PAGES, SURFACES, FRAMES, INTERFACES, LISTS };

/*
 * Goes to the next combination of the lists' words. @digit holds one index for each list, and
 * counts like a number whose last digit moves fastest. A @fixed digit stays 0.
 * Return: false after the last combination.
 */
static bool next(int digit[LISTS], const struct list lists[LISTS], const bool fixed[LISTS])
{
	for (int i = LISTS - 1; i >= 0; i--) {
		if (!fixed[i] && ++digit[i] < lists[i].n)
			return true;
		digit[i] = 0;
	}
	return false;
}

int plans_make(const struct options *options, struct result *results)
{
	static struct list lists[LISTS];
	bool fixed[LISTS] = { false };
	int digit[LISTS] = { 0 };
	int n = 0;

	if (options->set)
		return from_set(options, results);
	split(&lists[PATTERNS], options->patterns);
	split(&lists[THREADS], options->threads);
	split(&lists[BATCHES], options->batches);
	split(&lists[TOUCH], options->touch);
	split(&lists[RUN_LENGTHS], options->runs);
	split(&lists[PAGES], options->pages);
	split(&lists[SURFACES], options->surfaces);
	split(&lists[FRAMES], options->frames);
	split(&lists[INTERFACES], options->interfaces);
	do {
		const char *word[LISTS];

		for (int i = 0; i < LISTS; i++)
			word[i] = lists[i].word[digit[i]];
		struct plan plan = {
			.pattern = pattern_of(word[PATTERNS]),
			.threads = atoi(word[THREADS]),
			.batch = atoi(word[BATCHES]),
			.touch = yes(word[TOUCH]),
			.run = atoi(word[RUN_LENGTHS]),
			.pages = strtoul(word[PAGES], NULL, 0),
			.surface = strtoul(word[SURFACES], NULL, 0),
			.frames = strtoul(word[FRAMES], NULL, 0),
			.interfaces = atoi(word[INTERFACES]),
		};

		n = add(results, n, options, plan);
		/* Only RUNS uses the run length: other patterns need one plan, not one for each. */
		fixed[RUN_LENGTHS] = plan.pattern != RUNS;
	} while (next(digit, lists, fixed));
	return n;
}
