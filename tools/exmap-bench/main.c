// SPDX-License-Identifier: MIT
/* main.c - what to measure, and a process for each measurement; see bench.h */

#define _GNU_SOURCE
#include "bench.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_LIST 16
#define MAX_RESULTS 1024
/* The child's status if the backend has no answer to the pattern, or is not to be had. */
#define EXIT_NOT_HERE 2

static struct options {
	const char *patterns;
	const char *threads;
	const char *batches;
	const char *touch;
	const char *backends;
	const char *file;
	const char *child;
	double seconds;
	int repeat;
	enum format format;
} options = {
	.patterns = "scattered,neighbours,run,handover,steal,page-read,batch-read,empty",
	.threads = "1,2",
	.batches = "512,64",
	.touch = "yes",
	.backends = "exmap,auto,copy,anon,anon-vectored,mmap",
	.seconds = 0.3,
	.repeat = 5,
};

enum { OPT_TOUCH = 256, OPT_CSV, OPT_JSON, OPT_CHILD };

static const struct argp_option argp_options[] = {
	{ "patterns", 'p', "LIST", 0,
	  "Of scattered, neighbours, run, handover, steal, page-read, batch-read, empty (default: "
	  "all)",
	  0 },
	{ "threads", 't', "LIST", 0, "Numbers of threads (default 1,2)", 0 },
	{ "batch", 'b', "LIST", 0, "Pages of a round, up to 512 (default 512,64)", 0 },
	{ "touch", OPT_TOUCH, "yes|no|yes,no", 0, "Store to each page (default yes)", 0 },
	{ "backends", 'B', "LIST", 0,
	  "Of exmap (what /dev/exmap is), auto, move, copy, mprotect (the emulator by strategy), "
	  "anon, anon-vectored (anonymous memory and madvise), mmap (of the file)",
	  0 },
	{ "file", 'f', "PATH", 0,
	  "Where to make the file that is read (default: in /dev/shm, /var/tmp or here)", 0 },
	{ "seconds", 's', "S", 0, "Length of one measurement (default 0.3)", 0 },
	{ "repeat", 'n', "N", 0, "Repetitions, in turn (default 5, at most 64)", 0 },
	{ "csv", OPT_CSV, NULL, 0, "Print CSV", 0 },
	{ "json", OPT_JSON, NULL, 0, "Print JSON", 0 },
	{ "child", OPT_CHILD, "BACKEND", OPTION_HIDDEN, NULL, 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'p':
		options.patterns = arg;
		break;
	case 't':
		options.threads = arg;
		break;
	case 'b':
		options.batches = arg;
		break;
	case OPT_TOUCH:
		options.touch = arg;
		break;
	case 'B':
		options.backends = arg;
		break;
	case 'f':
		options.file = arg;
		break;
	case 's':
		options.seconds = atof(arg);
		break;
	case 'n':
		options.repeat = atoi(arg);
		break;
	case OPT_CSV:
		options.format = CSV;
		break;
	case OPT_JSON:
		options.format = JSON;
		break;
	case OPT_CHILD:
		options.child = arg;
		break;
	case ARGP_KEY_END:
		if (options.seconds <= 0 || options.repeat < 1 || options.repeat > 64)
			argp_error(state, "--seconds must be more than 0, --repeat 1 to 64");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Splits at commas. Return: how many words. */
static int split(const char *list, char *words[MAX_LIST])
{
	char *rest = strdup(list), *word;
	int n = 0;

	while ((word = strsep(&rest, ",")) && n < MAX_LIST)
		words[n++] = word;
	return n;
}

static int pattern_of(const char *name)
{
	for (int i = 0; i < NR_PATTERNS; i++) {
		if (!strcmp(pattern_names[i], name))
			return i;
	}
	fprintf(stderr, "exmap-bench: no pattern '%s'\n", name);
	exit(1);
}

static bool is_strategy(const char *backend)
{
	return !strcmp(backend, "auto") || !strcmp(backend, "move") || !strcmp(backend, "copy") ||
	       !strcmp(backend, "mprotect");
}

static bool reads(enum pattern pattern)
{
	return pattern == PAGE_READ || pattern == BATCH_READ;
}

/* The child: one measurement, its figures on stdout. */
static int be_child(void)
{
	const struct backend *all[] = { &exmap_backend, &anon_backend, &anon_vectored_backend,
					&file_backend };
	struct plan plan = {
		.pattern = pattern_of(options.patterns),
		.threads = atoi(options.threads),
		.batch = atoi(options.batches),
		.touch = options.touch[0] == 'y',
		.seconds = options.seconds,
		.file = options.file,
	};
	struct figures f;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(all[i]->name, options.child))
			continue;
		if (!measure(all[i], &plan, &f))
			return EXIT_NOT_HERE;
		printf("%.0f %.0f %f %f\n", (double)f.pages, (double)f.frees, f.ns, f.ipis);
		return 0;
	}
	fprintf(stderr, "exmap-bench: no backend '%s'\n", options.child);
	return 1;
}

static const char *self(const char *name)
{
	static char path[2][PATH_MAX];
	char *mine = path[!!name];
	ssize_t n = readlink("/proc/self/exe", mine, PATH_MAX - 32);

	if (n < 0)
		exit(1);
	mine[n] = '\0';
	if (name) {
		char *slash = strrchr(mine, '/');

		strcpy(slash + 1, name);
	}
	return mine;
}

/* Starts the child. Return: false if it has no answer. */
static bool run_child(const struct plan *plan, const char *backend, struct figures *f)
{
	const bool emulated = is_strategy(backend);
	char strategy[64], child[64], threads[16], batch[16], seconds[32];
	const char *argv[16], **a = argv;
	double pages, frees;
	int pipes[2], status;
	FILE *out;
	pid_t pid;

	snprintf(strategy, sizeof(strategy), "--strategy=%s", backend);
	snprintf(child, sizeof(child), "--child=%s", emulated ? "exmap" : backend);
	snprintf(threads, sizeof(threads), "-t%d", plan->threads);
	snprintf(batch, sizeof(batch), "-b%d", plan->batch);
	snprintf(seconds, sizeof(seconds), "-s%g", plan->seconds);
	if (emulated) {
		*a++ = self("exmap-run");
		*a++ = strategy;
		*a++ = "--";
	}
	*a++ = self(NULL);
	*a++ = child;
	*a++ = "-p";
	*a++ = pattern_names[plan->pattern];
	*a++ = threads;
	*a++ = batch;
	*a++ = seconds;
	*a++ = plan->touch ? "--touch=yes" : "--touch=no";
	if (plan->file) {
		*a++ = "-f";
		*a++ = plan->file;
	}
	*a = NULL;
	if (pipe(pipes) || (pid = fork()) < 0) {
		perror("exmap-bench");
		exit(1);
	}
	if (!pid) {
		dup2(pipes[1], 1);
		close(pipes[0]);
		execv(argv[0], (char **)argv);
		perror(argv[0]);
		_exit(1);
	}
	close(pipes[1]);
	out = fdopen(pipes[0], "r");
	if (fscanf(out, "%lf %lf %lf %lf", &pages, &frees, &f->ns, &f->ipis) != 4)
		pages = 0;
	fclose(out);
	waitpid(pid, &status, 0);
	f->pages = pages;
	f->frees = frees;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_HERE)
		return false;
	if (status || !pages) {
		fprintf(stderr, "exmap-bench: %s, %s failed\n", backend,
			pattern_names[plan->pattern]);
		exit(1);
	}
	return true;
}

/* A file with file_word() in each page. */
static void make_file(const char *path, size_t pages)
{
	char *block = aligned_alloc(PAGE, 256 * PAGE);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	memset(block, 0, 256 * PAGE);
	for (size_t page = 0; fd >= 0 && page < pages; page += 256) {
		for (size_t i = 0; i < 256; i++)
			*(uint64_t *)(block + i * PAGE) = file_word(page + i);
		if (pwrite(fd, block, 256 * PAGE, page * PAGE) != 256 * (ssize_t)PAGE) {
			close(fd);
			fd = -1;
		}
	}
	free(block);
	if (fd < 0 || fsync(fd)) {
		fprintf(stderr, "exmap-bench: %s: %s; name another by --file\n", path,
			strerror(errno));
		exit(1);
	}
	close(fd);
}

/* In memory, if files there can be read past the page cache (tmpfs: Linux 6.6). */
static void find_place(char *path, size_t size)
{
	static const char *const places[] = { "/dev/shm", "/var/tmp", "." };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int fd;

		snprintf(path, size, "%s/exmap-bench.%d", places[i], getpid());
		fd = open(path, O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
		unlink(path);
		if (fd < 0)
			continue;
		close(fd);
		return;
	}
}

static int add_plans(struct result *results, const char *file)
{
	char *patterns[MAX_LIST], *threads[MAX_LIST], *batches[MAX_LIST], *touch[MAX_LIST],
		*backends[MAX_LIST];
	int np = split(options.patterns, patterns), nt = split(options.threads, threads);
	int nb = split(options.batches, batches), nto = split(options.touch, touch);
	int nba = split(options.backends, backends), n = 0;
	bool device = !access("/dev/exmap", F_OK);

	for (int p = 0; p < np; p++)
		for (int t = 0; t < nt; t++)
			for (int b = 0; b < nb; b++)
				for (int to = 0; to < nto; to++)
					for (int k = 0; k < nba && n < MAX_RESULTS; k++) {
						struct plan plan = {
							.pattern = pattern_of(patterns[p]),
							.threads = atoi(threads[t]),
							.batch = atoi(batches[b]),
							.touch = touch[to][0] == 'y',
							.seconds = options.seconds,
						};

						if (plan.threads < 1 ||
						    plan.threads > MAX_THREADS || plan.batch < 1 ||
						    plan.batch > MAX_BATCH) {
							fprintf(stderr,
								"exmap-bench: 1 to %d "
								"threads, batches to %d\n",
								MAX_THREADS, MAX_BATCH);
							exit(1);
						}
						if (reads(plan.pattern))
							plan.file = file;
						else if (!strcmp(backends[k], "mmap"))
							continue;
						if (!strcmp(backends[k], "exmap") && !device)
							continue;
						/* Anonymous memory comes by being touched. */
						if (!plan.touch && strstr(backends[k], "anon") &&
						    plan.pattern != EMPTY)
							continue;
						results[n++] =
							(struct result){ .plan = plan,
									 .backend = backends[k] };
					}
	return n;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = argp_options,
		.parser = parse,
		.doc = "Time patterns of page use on exmaps and without them.\v"
		       "Prints the median, the least and the most of several repetitions, which are "
		       "made in turn. An exmap is verified before it is timed.",
	};
	static struct result results[MAX_RESULTS];
	char file[PATH_MAX];
	size_t pages = 0;
	int n, kept = 0;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (options.child)
		return be_child();
	if (options.file)
		snprintf(file, sizeof(file), "%s", options.file);
	else
		find_place(file, sizeof(file));
	n = add_plans(results, file);
	for (int i = 0; i < n; i++) {
		size_t want = results[i].plan.threads * (size_t)REGION_PAGES;

		if (reads(results[i].plan.pattern) && want > pages)
			pages = want;
	}
	if (pages)
		make_file(file, pages);
	for (int round = 0; round < options.repeat; round++) {
		for (int i = 0; i < n; i++) {
			struct result *r = &results[i];
			struct figures f;

			if (r->n < round || !run_child(&r->plan, r->backend, &f))
				continue;
			r->ns_page[r->n] = f.ns / f.pages;
			r->ipis_free[r->n++] = f.ipis < 0 || !f.frees ? -1 : f.ipis / f.frees;
		}
	}
	if (pages)
		unlink(file);
	for (int i = 0; i < n; i++) {
		if (results[i].n)
			results[kept++] = results[i];
	}
	report(results, kept, options.format);
	return !kept;
}
