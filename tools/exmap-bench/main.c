// SPDX-License-Identifier: MIT
/*
 * main.c - exmap-bench: measures all plans once, then all once more, and so on; see bench.h
 *
 * So if the machine is slow for a minute, that affects one repetition of each plan, and not all
 * repetitions of one plan.
 */

#include "bench.h"

#include <stdio.h>
#include <unistd.h>

static struct result results[MAX_RESULTS];

/* Provides one file for all plans that READ, as long as the largest of them needs. */
static void have_file(const struct options *options, int n)
{
	const char *file = NULL;
	size_t pages = 0;

	for (int i = 0; i < n; i++) {
		const struct plan *plan = &results[i].plan;

		if (pattern_reads(plan->pattern) && plan->threads * plan->pages > pages)
			pages = plan->threads * plan->pages;
	}
	if (pages)
		file = file_make(options->file, pages);
	for (int i = 0; i < n; i++)
		results[i].plan.file = pattern_reads(results[i].plan.pattern) ? file : NULL;
}

/* Measures each plan once. A backend that could not carry a plan out is not tried again. */
static void measure_round(int round, int n)
{
	for (int i = 0; i < n; i++) {
		struct result *r = &results[i];

		if (r->n == round && child_run(&r->plan, r->backend, &r->figures[round]))
			r->n++;
	}
}

int main(int argc, char **argv)
{
	struct options options;
	int n, kept = 0;

	options_parse(&options, argc, argv);
	if (options.child)
		return child_be(options.child);
	if (options.trace_cost_child)
		return trace_cost_child();
	if (options.replay)
		return replay(&options);
	if (options.trace_cost)
		return trace_cost(&options);
	n = plans_make(&options, results);
	have_file(&options, n);
	for (int round = 0; round < options.repeat; round++) {
		if (isatty(2))
			fprintf(stderr, "\rround %d of %d", round + 1, options.repeat);
		measure_round(round, n);
	}
	if (isatty(2))
		fprintf(stderr, "\r\033[K");
	for (int i = 0; i < n; i++) {
		if (results[i].n)
			results[kept++] = results[i];
	}
	if (!kept) {
		fprintf(stderr,
			"exmap-bench: no backend named can do these patterns here; name others "
			"by --backends\n");
		return 1;
	}
	report(results, kept, options.format);
	if (fflush(stdout) || ferror(stdout))
		die("stdout");
	return 0;
}
