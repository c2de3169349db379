// SPDX-License-Identifier: MIT
/* report.c - figures as a table, CSV or JSON; each a median with the least and the most */

#define _GNU_SOURCE
#include "bench.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct spread {
	double least, median, most;
};

static struct spread spread_of(const double *values, int n)
{
	double sorted[64];

	memcpy(sorted, values, n * sizeof(*values));
	qsort(sorted, n, sizeof(*sorted), by_size);
	return (struct spread){ sorted[0], (sorted[(n - 1) / 2] + sorted[n / 2]) / 2,
				sorted[n - 1] };
}

static const char *cpu_name(void)
{
	static char name[256] = "unknown";
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "model name : %255[^\n]", name) == 1)
			break;
	}
	if (file)
		fclose(file);
	return name;
}

static const char *unit(const struct result *r)
{
	return r->plan.pattern == EMPTY ? "call" : "page";
}

static void print_table(const struct result *results, int n)
{
	struct utsname uts;

	uname(&uts);
	printf("Linux %s, %s, %ld CPUs; medians [least .. most] of %d\n\n", uts.release, cpu_name(),
	       sysconf(_SC_NPROCESSORS_ONLN), results[0].n);
	printf("%-11s %7s %6s %-6s %-14s %30s %10s %10s\n", "pattern", "threads", "batch", "touch",
	       "backend", "ns/page", "M pages/s", "IPIs/FREE");
	for (int i = 0; i < n; i++) {
		const struct result *r = &results[i];
		struct spread ns = spread_of(r->ns_page, r->n);
		double flushes = spread_of(r->ipis_free, r->n).median;
		char figure[64];

		if (i && memcmp(&r->plan, &r[-1].plan, sizeof(r->plan)))
			printf("\n");
		snprintf(figure, sizeof(figure), "%.1f [%.1f .. %.1f]", ns.median, ns.least,
			 ns.most);
		printf("%-11s %7d %6d %-6s %-14s %30s %10.3f ", pattern_names[r->plan.pattern],
		       r->plan.threads, r->plan.batch, r->plan.touch ? "yes" : "no", r->backend,
		       figure, 1e3 / ns.median);
		if (flushes < 0)
			printf("%10s\n", "n/a");
		else
			printf("%10.2f\n", flushes);
	}
}

static void print_csv(const struct result *results, int n)
{
	printf("pattern,threads,batch,touch,backend,repetitions,unit,ns_least,ns_median,ns_most,"
	       "ipis_per_free\n");
	for (int i = 0; i < n; i++) {
		const struct result *r = &results[i];
		struct spread ns = spread_of(r->ns_page, r->n);

		printf("%s,%d,%d,%d,%s,%d,%s,%.2f,%.2f,%.2f,%.3f\n", pattern_names[r->plan.pattern],
		       r->plan.threads, r->plan.batch, r->plan.touch, r->backend, r->n, unit(r),
		       ns.least, ns.median, ns.most, spread_of(r->ipis_free, r->n).median);
	}
}

static void print_json(const struct result *results, int n)
{
	struct json_object *root = json_object_new_object(), *list = json_object_new_array();
	struct utsname uts;

	uname(&uts);
	json_object_object_add(root, "kernel", json_object_new_string(uts.release));
	json_object_object_add(root, "cpu", json_object_new_string(cpu_name()));
	json_object_object_add(root, "cpus", json_object_new_int(sysconf(_SC_NPROCESSORS_ONLN)));
	for (int i = 0; i < n; i++) {
		const struct result *r = &results[i];
		struct json_object *item = json_object_new_object(), *ns = json_object_new_array();

		json_object_object_add(item, "pattern",
				       json_object_new_string(pattern_names[r->plan.pattern]));
		json_object_object_add(item, "threads", json_object_new_int(r->plan.threads));
		json_object_object_add(item, "batch", json_object_new_int(r->plan.batch));
		json_object_object_add(item, "touch", json_object_new_boolean(r->plan.touch));
		json_object_object_add(item, "backend", json_object_new_string(r->backend));
		json_object_object_add(item, "unit", json_object_new_string(unit(r)));
		for (int j = 0; j < r->n; j++)
			json_object_array_add(ns, json_object_new_double(r->ns_page[j]));
		json_object_object_add(item, "ns", ns);
		json_object_object_add(
			item, "ipis_per_free",
			json_object_new_double(spread_of(r->ipis_free, r->n).median));
		json_object_array_add(list, item);
	}
	json_object_object_add(root, "results", list);
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
}

void report(const struct result *results, int n, enum format format)
{
	if (!n)
		return;
	if (format == JSON)
		print_json(results, n);
	else if (format == CSV)
		print_csv(results, n);
	else
		print_table(results, n);
}
