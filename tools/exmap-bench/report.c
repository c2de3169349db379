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

static struct spread ns_of(const struct result *r)
{
	double values[MAX_REPEAT];

	for (int i = 0; i < r->n; i++)
		values[i] = r->figures[i].ns_page;
	return spread_of(values, r->n);
}

static struct spread ipis_of(const struct result *r)
{
	double values[MAX_REPEAT];

	for (int i = 0; i < r->n; i++)
		values[i] = r->figures[i].ipis_free;
	return spread_of(values, r->n);
}

static const char *cpu_name(void)
{
	static char name[256] = "unknown CPU";
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

static const char *kernel(void)
{
	static struct utsname uts;

	uname(&uts);
	return uts.release;
}

/* Calls @each for every backend, once, that somebody serves. */
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
	       a->touch == b->touch;
}

/* Of the time that the better of the bare loops takes for the same; -1 if none was measured. */
static double of_bare(const struct result *results, int n, const struct result *r)
{
	double best = -1;

	for (int i = 0; i < n; i++) {
		double ns = ns_of(&results[i]).median;

		if (!strncmp(results[i].backend, "bare-", 5) &&
		    same_plan(&results[i].plan, &r->plan) && (best < 0 || ns < best))
			best = ns;
	}
	return best < 0 ? -1 : ns_of(r).median / best;
}

static void print_line(const struct result *results, int n, const struct result *r)
{
	double bare = of_bare(results, n, r);
	struct spread ns = ns_of(r);
	double ipis = ipis_of(r).median;
	char figure[64], count[32], ratio[32];

	snprintf(figure, sizeof(figure), "%.1f [%.1f .. %.1f]", ns.median, ns.least, ns.most);
	snprintf(count, sizeof(count), "%.2f", ipis);
	snprintf(ratio, sizeof(ratio), "%.2f", bare);
	printf("%-11s %7d %6d %-6s %-14s %30s %10.3f %10s %8s\n", pattern_names[r->plan.pattern],
	       r->plan.threads, r->plan.batch, r->plan.touch ? "yes" : "no", r->backend, figure,
	       1e3 / ns.median, ipis < 0 ? "n/a" : count, bare < 0 ? "" : ratio);
}

static void print_table(const struct result *results, int n)
{
	printf("Linux %s, %s, %ld CPUs\n", kernel(), cpu_name(), sysconf(_SC_NPROCESSORS_ONLN));
	for_each_server(results, n, stdout, print_server);
	printf("median [least .. most] of %d; empty: a call instead of a page\n\n", results[0].n);
	printf("%-11s %7s %6s %-6s %-14s %30s %10s %10s %8s\n", "pattern", "threads", "batch",
	       "touch", "backend", "ns/page", "M pages/s", "IPIs/FREE",
	       of_bare(results, n, &results[0]) < 0 ? "" : "of bare");
	for (int i = 0; i < n; i++) {
		if (i && !same_plan(&results[i].plan, &results[i - 1].plan))
			printf("\n");
		print_line(results, n, &results[i]);
	}
}

static void print_csv(const struct result *results, int n)
{
	printf("pattern,threads,batch,touch,backend,repetitions,ns_least,ns_median,ns_most,"
	       "ipis_per_free\n");
	for (int i = 0; i < n; i++) {
		const struct result *r = &results[i];
		struct spread ns = ns_of(r);
		double ipis = ipis_of(r).median;

		printf("%s,%d,%d,%d,%s,%d,%.2f,%.2f,%.2f,", pattern_names[r->plan.pattern],
		       r->plan.threads, r->plan.batch, r->plan.touch, r->backend, r->n, ns.least,
		       ns.median, ns.most);
		if (ipis >= 0)
			printf("%.3f", ipis);
		printf("\n");
	}
}

static struct json_object *json_of(const struct result *r)
{
	struct json_object *item = json_object_new_object(), *ns = json_object_new_array();
	double ipis = ipis_of(r).median;

	json_object_object_add(item, "pattern",
			       json_object_new_string(pattern_names[r->plan.pattern]));
	json_object_object_add(item, "threads", json_object_new_int(r->plan.threads));
	json_object_object_add(item, "batch", json_object_new_int(r->plan.batch));
	json_object_object_add(item, "touch", json_object_new_boolean(r->plan.touch));
	json_object_object_add(item, "backend", json_object_new_string(r->backend));
	for (int i = 0; i < r->n; i++)
		json_object_array_add(ns, json_object_new_double(r->figures[i].ns_page));
	json_object_object_add(item, "ns", ns);
	json_object_object_add(item, "ipis_per_free",
			       ipis < 0 ? NULL : json_object_new_double(ipis));
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

	json_object_object_add(root, "kernel", json_object_new_string(kernel()));
	json_object_object_add(root, "cpu", json_object_new_string(cpu_name()));
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
