// SPDX-License-Identifier: MIT
/* plans.c - from lists of options to measurements */

#define _GNU_SOURCE
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LIST 16

struct list {
	int n;
	char *word[MAX_LIST];
};

/* What a list's words are lives as long as the program. */
static void split(struct list *list, const char *text)
{
	char *rest = strdup(text), *word;

	list->n = 0;
	while ((word = strsep(&rest, ","))) {
		if (list->n == MAX_LIST) {
			fprintf(stderr, "exmap-bench: '%s': more than %d words\n", text, MAX_LIST);
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
		fprintf(stderr, "exmap-bench: --touch: '%s' is neither yes nor no\n", word);
		exit(1);
	}
	return *word == 'y';
}

/* Whether a backend would measure something there. */
static bool makes_sense(const struct plan *plan, const char *backend)
{
	if (!strcmp(backend, "exmap"))
		return !access("/dev/exmap", F_OK);
	/* Plain memory comes by being touched. */
	return plan->touch || plan->pattern == EMPTY || strncmp(backend, "anon", 4);
}

static void check(const struct plan *plan)
{
	if (plan->threads < 1 || plan->threads > MAX_THREADS || plan->batch < 1 ||
	    plan->batch > MAX_BATCH) {
		fprintf(stderr, "exmap-bench: 1 to %d threads, and batches of 1 to %d\n",
			MAX_THREADS, MAX_BATCH);
		exit(1);
	}
}

static int add(struct result *results, int n, const struct options *options, struct plan plan)
{
	static struct list backends;

	if (!backends.n)
		split(&backends, options->backends);
	plan.unchecked = options->unchecked;
	plan.pages = options->pages;
	plan.frames = options->frames;
	plan.seconds = options->seconds;
	check(&plan);
	for (int i = 0; i < backends.n; i++) {
		if (!makes_sense(&plan, backends.word[i]))
			continue;
		if (n == MAX_RESULTS) {
			fprintf(stderr, "exmap-bench: more than %d lines\n", MAX_RESULTS);
			exit(1);
		}
		results[n++] = (struct result){ .plan = plan, .backend = backends.word[i] };
	}
	return n;
}

/* The shapes by which kernel modules of exmap have been compared. */
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
		n = add(results, n, options, plan);
	}
	return n;
}

/* The digits of a number whose bases are the lists' lengths: every combination, in order. */
static bool next(int digit[4], const struct list lists[4])
{
	for (int i = 3; i >= 0; i--) {
		if (++digit[i] < lists[i].n)
			return true;
		digit[i] = 0;
	}
	return false;
}

int plans_make(const struct options *options, struct result *results)
{
	static struct list lists[4];
	int digit[4] = { 0 };
	int n = 0;

	if (options->set)
		return from_set(options, results);
	split(&lists[0], options->patterns);
	split(&lists[1], options->threads);
	split(&lists[2], options->batches);
	split(&lists[3], options->touch);
	do {
		struct plan plan = {
			.pattern = pattern_of(lists[0].word[digit[0]]),
			.threads = atoi(lists[1].word[digit[1]]),
			.batch = atoi(lists[2].word[digit[2]]),
			.touch = yes(lists[3].word[digit[3]]),
		};

		n = add(results, n, options, plan);
	} while (next(digit, lists));
	return n;
}
