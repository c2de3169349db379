// SPDX-License-Identifier: MIT
/* replay.c - times the calls of a trace, which exmap-trace does again, on each backend in turn */

#define _GNU_SOURCE
#include "bench.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define MAX_BACKENDS 16

/**
 * struct replayed - what was measured on a backend
 * @backend: its name
 * @calls:   calls of the trace
 * @pages:   pages that the calls map and unmap
 * @ns:      time of all calls, in each repetition
 */
struct replayed {
	char *backend;
	int64_t calls;
	int64_t pages;
	double ns[MAX_REPEAT];
};

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool is_exmap(const char *backend)
{
	return !strcmp(backend, "exmap") || !strcmp(backend, "auto") || !strcmp(backend, "move") ||
	       !strcmp(backend, "copy") || !strcmp(backend, "guard") ||
	       !strcmp(backend, "mprotect");
}

static int64_t number(struct json_object *report, const char *name)
{
	return json_object_get_int64(json_object_object_get(report, name));
}

/* Return: the report of a replay. Exits if there is none, or if it says that results differ. */
static struct json_object *run(const char *trace, const char *backend)
{
	struct json_object *report;
	char *text = NULL;
	size_t size = 0;
	int status;
	pid_t pid;
	FILE *out = child_start_replay(trace, backend, &pid);

	if (getdelim(&text, &size, '\0', out) < 0)
		text = NULL;
	fclose(out);
	if (waitpid(pid, &status, 0) != pid)
		die("waiting for a child");
	report = text ? json_tokener_parse(text) : NULL;
	free(text);
	if (!report || number(report, "different")) {
		fprintf(stderr, "exmap-bench: %s was not replayed on %s as it was recorded\n",
			trace, backend);
		exit(1);
	}
	return report;
}

static void print_table(struct replayed *all, int n, int repeat)
{
	printf("%-10s %10s %12s %30s %12s\n", "backend", "calls", "pages", "ns/call", "s");
	for (int i = 0; i < n; i++) {
		struct replayed *r = &all[i];
		char figure[64];

		qsort(r->ns, repeat, sizeof(*r->ns), by_size);
		snprintf(figure, sizeof(figure), "%.1f [%.1f .. %.1f]",
			 r->ns[repeat / 2] / r->calls, r->ns[0] / r->calls,
			 r->ns[repeat - 1] / r->calls);
		printf("%-10s %10lld %12lld %30s %12.6f\n", r->backend, (long long)r->calls,
		       (long long)r->pages, figure, r->ns[repeat / 2] / 1e9);
	}
}

static void print_csv(const struct replayed *all, int n, int repeat)
{
	printf("backend,calls,pages,ns\n");
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < repeat; k++)
			printf("%s,%lld,%lld,%.0f\n", all[i].backend, (long long)all[i].calls,
			       (long long)all[i].pages, all[i].ns[k]);
	}
}

static void print_json(const struct replayed *all, int n, int repeat)
{
	struct json_object *list = json_object_new_array();

	for (int i = 0; i < n; i++) {
		struct json_object *item = json_object_new_object();
		struct json_object *ns = json_object_new_array();

		for (int k = 0; k < repeat; k++)
			json_object_array_add(ns, json_object_new_double(all[i].ns[k]));
		json_object_object_add(item, "backend", json_object_new_string(all[i].backend));
		json_object_object_add(item, "calls", json_object_new_int64(all[i].calls));
		json_object_object_add(item, "pages", json_object_new_int64(all[i].pages));
		json_object_object_add(item, "ns", ns);
		json_object_array_add(list, item);
	}
	puts(json_object_to_json_string_ext(list, JSON_C_TO_STRING_PRETTY));
	json_object_put(list);
}

int replay(const struct options *options)
{
	static struct replayed all[MAX_BACKENDS];
	char *names = strdup(options->backends), *rest = NULL;
	int n = 0;

	for (char *name = strtok_r(names, ",", &rest); name && n < MAX_BACKENDS;
	     name = strtok_r(NULL, ",", &rest)) {
		if (is_exmap(name) && backend_is_here(name))
			all[n++].backend = name;
	}
	for (int round = 0; round < options->repeat; round++) {
		for (int i = 0; i < n; i++) {
			struct json_object *report = run(options->replay, all[i].backend);

			all[i].calls = number(report, "calls");
			all[i].pages = number(report, "pages");
			all[i].ns[round] = number(report, "ns");
			json_object_put(report);
		}
	}
	if (!n || !all[0].calls) {
		fprintf(stderr, "exmap-bench: no calls to replay: name a trace that has some, and "
				"by --backends what is an exmap\n");
		return 1;
	}
	if (options->format == JSON)
		print_json(all, n, options->repeat);
	else if (options->format == CSV)
		print_csv(all, n, options->repeat);
	else
		print_table(all, n, options->repeat);
	free(names);
	return 0;
}
