// SPDX-License-Identifier: MIT
/* report.c - prints figures as a table, CSV or JSON: median, minimum and maximum */

#define _GNU_SOURCE
#include "bench.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct spread {
	double least, median, most;
};

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct spread spread_of(double *values, int n)
{
	qsort(values, n, sizeof(*values), by_size);
	return (struct spread){ values[0], (values[(n - 1) / 2] + values[n / 2]) / 2,
				values[n - 1] };
}

/* A figure is named by its offset in struct figures. */
#define NS offsetof(struct figures, ns_page)
#define IPIS offsetof(struct figures, ipis_free)
#define SETUP_US offsetof(struct figures, setup_us)
#define SETUP_KIB offsetof(struct figures, setup_kib)
#define OVERHEAD_KIB offsetof(struct figures, overhead_kib)

static const struct field {
	const char *name;
	size_t offset;
} fields[] = {
	{ "ns", NS },
	{ "ipis_per_free", IPIS },
	{ "setup_us", SETUP_US },
	{ "setup_kib", SETUP_KIB },
	{ "overhead_kib", OVERHEAD_KIB },
};

#define NR_FIELDS (sizeof(fields) / sizeof(fields[0]))

static double value_of(const struct figures *figures, size_t offset)
{
	return *(const double *)((const char *)figures + offset);
}

static struct spread spread(const struct result *r, size_t offset)
{
	double values[MAX_REPEAT];

	for (int i = 0; i < r->n; i++)
		values[i] = value_of(&r->figures[i], offset);
	return spread_of(values, r->n);
}

/* Whether a figure was measured. */
static bool told(const struct result *r, size_t offset)
{
	return !isnan(value_of(&r->figures[0], offset));
}

/* Calls @each once for every backend that is an exmap, with what serves it. */
static void for_each_server(const struct result *results, int n, void *context,
			    void (*each)(void *context, const char *backend, const char *who))
{
	for (int i = 0; i < n; i++) {
		const char *who;
		int j = 0;

		while (strcmp(results[j].backend, results[i].backend))
			j++;
		who = j == i ? child_who(results[i].backend) : NULL;
		if (who)
			each(context, results[i].backend, who);
	}
}

static void print_server(void *context, const char *backend, const char *who)
{
	fprintf(context, "%s is %s\n", backend, who);
}

static bool same_plan(const struct plan *a, const struct plan *b)
{
	return a->pattern == b->pattern && a->threads == b->threads && a->batch == b->batch &&
	       a->touch == b->touch && a->run == b->run && a->pages == b->pages &&
	       a->surface == b->surface && a->frames == b->frames && a->interfaces == b->interfaces;
}

/*
 * Return: the result's time as a multiple of that of the fastest bare backend with the same plan;
 * -1 if no bare backend was measured.
 */
static double of_bare(const struct result *results, int n, const struct result *r)
{
	double best = -1;

	for (int i = 0; i < n; i++) {
		double ns = spread(&results[i], NS).median;

		if (!strncmp(results[i].backend, "bare-", 5) &&
		    same_plan(&results[i].plan, &r->plan) && (best < 0 || ns < best))
			best = ns;
	}
	return best < 0 ? -1 : spread(r, NS).median / best;
}

/* Prints a figure's median, or blanks if it was not measured. */
static void print_median(const struct result *r, size_t offset, int width, int digits)
{
	if (told(r, offset))
		printf(" %*.*f", width, digits, spread(r, offset).median);
	else
		printf(" %*s", width, "");
}

static void print_line(const struct result *results, int n, const struct result *r)
{
	const struct plan *plan = &r->plan;
	double bare = of_bare(results, n, r);
	struct spread ns = spread(r, NS);
	char figure[64];

	snprintf(figure, sizeof(figure), "%.1f [%.1f .. %.1f]", ns.median, ns.least, ns.most);
	printf("%-11s %7d %6d %4d %9zu %-6s %-14s %30s %10.3f", pattern_names[plan->pattern],
	       plan->threads, plan->batch, plan->run, plan->pages, plan->touch ? "yes" : "no",
	       r->backend, figure, 1e3 / ns.median);
	print_median(r, IPIS, 10, 2);
	print_median(r, SETUP_US, 10, 0);
	print_median(r, OVERHEAD_KIB, 12, 0);
	if (bare >= 0)
		printf(" %8.2f", bare);
	printf("\n");
}

static void print_table(const struct result *results, int n)
{
	printf("Linux %s, %s, %ld CPUs\n", machine_kernel(), machine_cpu(),
	       sysconf(_SC_NPROCESSORS_ONLN));
	for_each_server(results, n, stdout, print_server);
	printf("median [least .. most] of %d; empty: a call instead of a page\n\n", results[0].n);
	printf("%-11s %7s %6s %4s %9s %-6s %-14s %30s %10s %10s %10s %12s %8s\n", "pattern",
	       "threads", "batch", "run", "pages", "touch", "backend", "ns/page", "M pages/s",
	       "IPIs/FREE", "set-up us", "overhead KiB",
	       of_bare(results, n, &results[0]) < 0 ? "" : "of bare");
	for (int i = 0; i < n; i++) {
		if (i && !same_plan(&results[i].plan, &results[i - 1].plan))
			printf("\n");
		print_line(results, n, &results[i]);
	}
}

static void print_csv(const struct result *results, int n)
{
	printf("pattern,threads,batch,touch,run,pages,surface,frames,interfaces,backend,"
	       "repetitions");
	for (size_t f = 0; f < NR_FIELDS; f++)
		printf(",%s_least,%s_median,%s_most", fields[f].name, fields[f].name,
		       fields[f].name);
	printf("\n");
	for (int i = 0; i < n; i++) {
		const struct result *r = &results[i];
		const struct plan *plan = &r->plan;

		printf("%s,%d,%d,%d,%d,%zu,%zu,%zu,%d,%s,%d", pattern_names[plan->pattern],
		       plan->threads, plan->batch, plan->touch, plan->run, plan->pages,
		       plan->surface, plan->frames, plan->interfaces, r->backend, r->n);
		for (size_t f = 0; f < NR_FIELDS; f++) {
			struct spread s = spread(r, fields[f].offset);

			if (told(r, fields[f].offset))
				printf(",%.3f,%.3f,%.3f", s.least, s.median, s.most);
			else
				printf(",,,");
		}
		printf("\n");
	}
}

static void add_int(struct json_object *item, const char *name, int64_t value)
{
	json_object_object_add(item, name, json_object_new_int64(value));
}

/* Adds an array of a figure's value in each repetition; null if it was not measured. */
static void add_field(struct json_object *item, const struct result *r, const struct field *f)
{
	struct json_object *values = NULL;

	if (told(r, f->offset)) {
		values = json_object_new_array();
		for (int i = 0; i < r->n; i++)
			json_object_array_add(values, json_object_new_double(
							      value_of(&r->figures[i], f->offset)));
	}
	json_object_object_add(item, f->name, values);
}

static struct json_object *json_of(const struct result *r)
{
	struct json_object *item = json_object_new_object();
	const struct plan *plan = &r->plan;

	json_object_object_add(item, "pattern",
			       json_object_new_string(pattern_names[plan->pattern]));
	add_int(item, "threads", plan->threads);
	add_int(item, "batch", plan->batch);
	json_object_object_add(item, "touch", json_object_new_boolean(plan->touch));
	add_int(item, "run", plan->run);
	add_int(item, "pages", plan->pages);
	add_int(item, "surface", plan->surface);
	add_int(item, "frames", plan->frames);
	add_int(item, "interfaces", plan->interfaces);
	json_object_object_add(item, "backend", json_object_new_string(r->backend));
	for (size_t i = 0; i < NR_FIELDS; i++)
		add_field(item, r, &fields[i]);
	return item;
}

static void add_server(void *context, const char *backend, const char *who)
{
	json_object_object_add(context, backend, json_object_new_string(who));
}

static void print_json(const struct result *results, int n)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_object_new_array(), *servers = json_object_new_object();

	json_object_object_add(root, "kernel", json_object_new_string(machine_kernel()));
	json_object_object_add(root, "cpu", json_object_new_string(machine_cpu()));
	json_object_object_add(root, "cpus", json_object_new_int(sysconf(_SC_NPROCESSORS_ONLN)));
	for_each_server(results, n, servers, add_server);
	json_object_object_add(root, "servers", servers);
	for (int i = 0; i < n; i++)
		json_object_array_add(list, json_of(&results[i]));
	json_object_object_add(root, "results", list);
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
}

void report(const struct result *results, int n, enum format format)
{
	if (format == JSON)
		print_json(results, n);
	else if (format == CSV)
		print_csv(results, n);
	else
		print_table(results, n);
}
