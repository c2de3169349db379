// SPDX-License-Identifier: MIT
/* child.c - starts a process for each measurement, and is that process */

#define _GNU_SOURCE
#include "bench.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit status of a child whose backend does not have the pattern, or does not work here. */
#define EXIT_NOT_HERE 3

/*
 * A plan as one argument: backend, pattern, threads, batch, touch, unchecked, run, interfaces,
 * pages, surface, frames, seconds, file. order_of() writes it, read_order() reads it.
 */
#define ORDER "%31s %d %d %d %d %d %d %d %zu %zu %zu %lf %4095s"
#define NO_FILE "-"

static char *order_of(const struct plan *plan, const char *backend)
{
	char *order;

	if (asprintf(&order, "--child=%s %d %d %d %d %d %d %d %zu %zu %zu %f %s", backend,
		     plan->pattern, plan->threads, plan->batch, plan->touch, plan->unchecked,
		     plan->run, plan->interfaces, plan->pages, plan->surface, plan->frames,
		     plan->seconds, plan->file ? plan->file : NO_FILE) < 0)
		die("a child's order");
	return order;
}

static void read_order(const char *order, char backend[32], struct plan *plan)
{
	static char file[PATH_MAX];
	int pattern, touch, unchecked;

	if (sscanf(order, ORDER, backend, &pattern, &plan->threads, &plan->batch, &touch,
		   &unchecked, &plan->run, &plan->interfaces, &plan->pages, &plan->surface,
		   &plan->frames, &plan->seconds, file) != 13) {
		fprintf(stderr, "exmap-bench: --child is internal; see --help for what there is\n");
		exit(1);
	}
	plan->pattern = pattern;
	plan->touch = touch;
	plan->unchecked = unchecked;
	plan->file = strcmp(file, NO_FILE) ? file : NULL;
}

int child_be(const char *order)
{
	const struct backend *all[] = { &exmap_backend,		&anon_backend,
					&anon_vectored_backend, &file_backend,
					&pread_backend,		&bare_copy_backend,
					&bare_move_backend,	&bare_single_backend,
					&bare_guard_backend,	&bare_memcpy_backend };
	struct plan plan;
	struct figures f;
	char name[32];

	read_order(order, name, &plan);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(all[i]->name, name))
			continue;
		if (!measure(all[i], &plan, &f))
			return EXIT_NOT_HERE;
		printf("%f %f %f %f %f\n", f.ns_page, f.ipis_free, f.setup_us, f.setup_kib,
		       f.overhead_kib);
		return 0;
	}
	fprintf(stderr, "exmap-bench: no backend '%s'; --help lists them\n", name);
	return 1;
}

static bool is_strategy(const char *backend)
{
	return !strcmp(backend, "auto") || !strcmp(backend, "move") || !strcmp(backend, "copy") ||
	       !strcmp(backend, "guard") || !strcmp(backend, "mprotect");
}

/* Return: path of this program, or with @beside of the program of that name in its folder. */
static const char *program(const char *beside)
{
	static char path[2][PATH_MAX];
	char *out = path[beside != NULL];
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);

	if (n < 0)
		die("/proc/self/exe");
	out[n] = '\0';
	if (beside)
		snprintf(strrchr(out, '/') + 1, PATH_MAX - (strrchr(out, '/') + 1 - out), "%s",
			 beside);
	return out;
}

/* Executes a command, of which the first word is a path. Does not return. */
static void exec_words(const char **argv)
{
	execv(argv[0], (char **)argv);
	perror(argv[0]);
	_exit(1);
}

/* Executes the child, under exmap-run if the backend is a strategy. Does not return. */
static void exec_child(const struct plan *plan, const char *backend)
{
	char strategy[64];
	const char *argv[6], **a = argv;

	if (is_strategy(backend)) {
		snprintf(strategy, sizeof(strategy), "--strategy=%s", backend);
		*a++ = program("exmap-run");
		*a++ = strategy;
		*a++ = "--";
		backend = "exmap";
	}
	*a++ = program(NULL);
	*a++ = order_of(plan, backend);
	*a = NULL;
	exec_words(argv);
}

/*
 * Forks a child whose stdout, and with @all stderr too, is *@out. Return: its pid; 0 in the child,
 * which has to execute something.
 */
static pid_t fork_child(bool all, FILE **out)
{
	int pipes[2];
	pid_t pid;

	if (pipe(pipes) || (pid = fork()) < 0)
		die("a child");
	if (!pid) {
		dup2(pipes[1], STDOUT_FILENO);
		if (all)
			dup2(pipes[1], STDERR_FILENO);
		close(pipes[0]);
		close(pipes[1]);
		return 0;
	}
	close(pipes[1]);
	*out = fdopen(pipes[0], "r");
	if (!*out)
		die("a child");
	return pid;
}

/* Starts a child. Return: a stream of its stdout, and with @all of its stderr too. */
static FILE *start(const struct plan *plan, const char *backend, bool all, pid_t *pid)
{
	FILE *out;

	*pid = fork_child(all, &out);
	if (!*pid)
		exec_child(plan, backend);
	return out;
}

FILE *child_start_cost(const char *trace, pid_t *pid)
{
	const char *argv[6], **a = argv;
	char option[PATH_MAX + 16];
	FILE *out;

	*pid = fork_child(false, &out);
	if (*pid)
		return out;
	*a++ = program("exmap-run");
	if (trace) {
		snprintf(option, sizeof(option), "--trace=%s", trace);
		*a++ = option;
	}
	*a++ = "--";
	*a++ = program(NULL);
	*a++ = "--trace-cost-child";
	*a = NULL;
	exec_words(argv);
	return NULL;
}

FILE *child_start_replay(const char *trace, const char *backend, pid_t *pid)
{
	const char *argv[8], **a = argv;
	char strategy[64], tool[PATH_MAX];
	FILE *out;

	*pid = fork_child(false, &out);
	if (*pid)
		return out;
	snprintf(tool, sizeof(tool), "%s", program("exmap-trace"));
	if (is_strategy(backend)) {
		snprintf(strategy, sizeof(strategy), "--strategy=%s", backend);
		*a++ = program("exmap-run");
		*a++ = strategy;
		*a++ = "--";
	}
	*a++ = tool;
	*a++ = "replay";
	*a++ = "--json";
	*a++ = trace;
	*a = NULL;
	exec_words(argv);
	return NULL;
}

bool child_run(const struct plan *plan, const char *backend, struct figures *f)
{
	int status, got;
	pid_t pid;
	FILE *out = start(plan, backend, false, &pid);

	got = fscanf(out, "%lf %lf %lf %lf %lf", &f->ns_page, &f->ipis_free, &f->setup_us,
		     &f->setup_kib, &f->overhead_kib);
	fclose(out);
	if (waitpid(pid, &status, 0) != pid)
		die("waiting for a child");
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_HERE)
		return false;
	if (status || got != 5) {
		fprintf(stderr, "exmap-bench: %s failed on %s\n", pattern_names[plan->pattern],
			backend);
		exit(1);
	}
	return true;
}

/* Runs a child with stats=1: the emulator's statistics name its strategy; the module has none. */
const char *child_who(const char *backend)
{
	const struct plan plan = {
		.pattern = NEIGHBOURS,
		.threads = 1,
		.batch = 1,
		.run = 1,
		.pages = MAX_BATCH,
		.seconds = 1e-3,
	};
	const char *old = getenv("EXMAP_OPTIONS"), *who = "the kernel module";
	char *options, *line = NULL, name[32];
	size_t size = 0;
	pid_t pid;
	FILE *out;

	if (strcmp(backend, "exmap") && !is_strategy(backend))
		return NULL;
	if (asprintf(&options, "%s:stats=1", old ? old : "stats=0") < 0)
		die("EXMAP_OPTIONS");
	setenv("EXMAP_OPTIONS", options, 1);
	out = start(&plan, backend, true, &pid);
	if (old)
		setenv("EXMAP_OPTIONS", old, 1);
	else
		unsetenv("EXMAP_OPTIONS");
	while (getline(&line, &size, out) > 0) {
		const char *found = strstr(line, ", strategy ");

		if (found && sscanf(found, ", strategy %31[a-z]", name) == 1 &&
		    asprintf(&options, "the emulator, strategy %s", name) > 0)
			who = options;
	}
	free(line);
	fclose(out);
	waitpid(pid, NULL, 0);
	return who;
}
