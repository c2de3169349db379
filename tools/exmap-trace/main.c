// SPDX-License-Identifier: MIT
/* main.c - exmap-trace: what a trace of an exmap client says, and the same calls once more */

#define _GNU_SOURCE
#include "chrome.h"
#include "compare.h"
#include "replay.h"
#include "stats.h"
#include "trace.h"

#include <argp.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "exmap-trace " EXMAP_VERSION;
error_t argp_err_exit_status = EXIT_TROUBLE;

struct options {
	const char *command;
	const char *files[2];
	int nr_files;
	bool all;
	bool json;
	bool plot;
	bool strict;
	struct replay_options replay;
};

enum {
	OPTION_ALL = 'a',
	OPTION_OUTPUT = 'o',
	OPTION_JSON = 256,
	OPTION_PLOT,
	OPTION_BACKING,
	OPTION_TIMED,
	OPTION_FREE,
	OPTION_STRICT
};

static const struct argp_option argp_options[] = {
	{ "all", OPTION_ALL, NULL, 0, "dump: all vectors of a call, not only the first six", 0 },
	{ "json", OPTION_JSON, NULL, 0, "stats, replay: print JSON", 0 },
	{ "plot", OPTION_PLOT, NULL, 0, "stats: print a script for gnuplot, with its data", 0 },
	{ "output", OPTION_OUTPUT, "FILE", 0, "replay: write a trace of the replay, to be compared",
	  0 },
	{ "timed", OPTION_TIMED, NULL, 0,
	  "replay: no call begins earlier than in the recording (default: full speed)", 0 },
	{ "free", OPTION_FREE, NULL, 0,
	  "replay: threads do not wait for each other. Faster, but results may differ (default: a "
	  "call that began after another had ended does so again)",
	  0 },
	{ "backing", OPTION_BACKING, "PATH", 0,
	  "replay: the file that READs read (default: one without content is made)", 0 },
	{ "strict", OPTION_STRICT, NULL, 0,
	  "diff: results of calls that raced in the first recording are to be equal, too", 0 },
	{ 0 },
};

static void say(const char *format, va_list args)
{
	fputs("exmap-trace: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
}

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	exit(EXIT_TROUBLE);
}

void *need(void *memory)
{
	if (!memory)
		die("out of memory");
	return memory;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPTION_ALL:
		o->all = true;
		break;
	case OPTION_JSON:
		o->json = o->replay.json = true;
		break;
	case OPTION_PLOT:
		o->plot = true;
		break;
	case OPTION_OUTPUT:
		o->replay.output = arg;
		break;
	case OPTION_TIMED:
		o->replay.timed = true;
		break;
	case OPTION_FREE:
		o->replay.free = true;
		break;
	case OPTION_BACKING:
		o->replay.backing = arg;
		break;
	case OPTION_STRICT:
		o->strict = true;
		break;
	case ARGP_KEY_ARG:
		if (!o->command)
			o->command = arg;
		else if (o->nr_files < 2)
			o->files[o->nr_files++] = arg;
		else
			argp_error(state, "too many files");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse,
	.args_doc = "dump FILE\nstats FILE\nchrome FILE\nreplay FILE\ndiff FILE FILE",
	.doc = "Show what exmap-run --trace=FILE has recorded of an exmap client, and do it again.\v"
	       "replay does the calls again on what serves /dev/exmap: run it by exmap-run, or with "
	       "the kernel module. diff compares results: of two recordings of the same calls, or of "
	       "a recording and a replay's --output.\n"
	       "Exit status: 1 if results differ; 2 if a trace cannot be read to its end, and then "
	       "what could be read is used.",
};

/* Return: the exit status, @status unless a trace could not be read to its end. */
static int done(struct trace *trace, int status)
{
	bool whole = trace->whole;

	unload(trace);
	return whole ? status : EXIT_TROUBLE;
}

static int run_dump(const struct options *options)
{
	struct trace *trace = load(options->files[0]);

	dump(trace, options->all);
	return done(trace, 0);
}

static int run_stats(const struct options *options)
{
	struct trace *trace = load(options->files[0]);
	struct stats stats;

	stats_of(trace, &stats);
	stats_print(trace, &stats,
		    options->json ? STATS_JSON :
		    options->plot ? STATS_PLOT :
				    STATS_TABLE);
	return done(trace, 0);
}

static int run_chrome(const struct options *options)
{
	struct trace *trace = load(options->files[0]);

	chrome(trace);
	return done(trace, 0);
}

static int run_replay(const struct options *options)
{
	struct trace *trace = load(options->files[0]);

	return done(trace, replay(trace, &options->replay));
}

static int run_diff(const struct options *options)
{
	struct trace *a = load(options->files[0]), *b = load(options->files[1]);
	int status = diff(a, b, options->strict);

	return done(a, done(b, status));
}

static const struct command {
	const char *name;
	int nr_files;
	int (*run)(const struct options *options);
} commands[] = {
	{ "dump", 1, run_dump },     { "stats", 1, run_stats }, { "chrome", 1, run_chrome },
	{ "replay", 1, run_replay }, { "diff", 2, run_diff },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

int main(int argc, char **argv)
{
	struct options options = { 0 };
	int status;

	argv[0] = program_invocation_short_name;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (!options.command)
		die("no command; --help lists them");
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (strcmp(commands[i].name, options.command))
			continue;
		if (options.nr_files != commands[i].nr_files)
			die("%s wants %d file%s; --help shows how", options.command,
			    commands[i].nr_files, commands[i].nr_files == 1 ? "" : "s");
		status = commands[i].run(&options);
		if (fflush(stdout) || ferror(stdout))
			die("stdout cannot be written: %s", strerror(errno));
		return status;
	}
	die("no command '%s'; --help lists them", options.command);
}
