// SPDX-License-Identifier: MIT
/* main.c - exmap-top: what running exmap clients do, by interface, and where their pages are */

#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tools/exmap-top/map.h"
#include "tools/exmap-top/module.h"
#include "tools/exmap-top/print.h"
#include "tools/exmap-top/say.h"
#include "tools/exmap-top/screen.h"
#include "tools/output.h"

const char *argp_program_version = "exmap-top " EXMAP_VERSION;
error_t argp_err_exit_status = EXIT_CANNOT;

struct settings {
	struct look look;
	double interval;
	bool once;
	bool json;
};

enum { OPTION_ONCE = 256, OPTION_JSON, OPTION_FOLDER };

static const struct argp_option options[] = {
	{ "pid", 'p', "PID", 0, "Exmaps of this process only", 0 },
	{ "interval", 'i', "SECONDS", 0, "Time between two looks: 1 by default, 0.1 at least", 0 },
	{ "once", OPTION_ONCE, NULL, 0,
	  "Look twice, print tables with the rates between, and end; for scripts", 0 },
	{ "json", OPTION_JSON, NULL, 0, "With --once: print JSON", 0 },
	{ "debugfs", OPTION_FOLDER, "FOLDER", 0,
	  "Where the kernel module shows its exmaps: " MODULE_FOLDER " by default", 0 },
	{ 0 },
};

static double number(const char *option, const char *text, double least, double most)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= least && value <= most))
		fail("--%s=%s: a number from %.10g to %.10g is wanted", option, text, least, most);
	return value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct settings *settings = state->input;

	switch (key) {
	case 'p':
		settings->look.pid = number("pid", arg, 1, 1 << 22);
		break;
	case 'i':
		settings->interval = number("interval", arg, 0.1, 3600);
		break;
	case OPTION_ONCE:
		settings->once = true;
		break;
	case OPTION_JSON:
		settings->json = true;
		break;
	case OPTION_FOLDER:
		settings->look.folder = arg;
		break;
	case ARGP_KEY_END:
		if (settings->json && !settings->once)
			fail("--json wants --once");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Show what running exmap clients do: those of the emulator that you could attach a "
	       "debugger to, and for root those of the kernel module.\v"
	       "h shows the keys. Exit status: 2 if it cannot show what was asked for.",
};

static void wait_for(double seconds)
{
	struct timespec rest = { .tv_sec = seconds };

	rest.tv_nsec = (seconds - rest.tv_sec) * 1e9;
	while (nanosleep(&rest, &rest) && errno == EINTR)
		;
}

static void print_once(const struct settings *settings)
{
	struct snapshot then = look_first(&settings->look);
	struct map *maps = must_realloc(NULL, (then.n + 1) * sizeof(*maps));
	struct snapshot now;

	for (size_t i = 0; i < then.n; i++) {
		maps[i] = (struct map){ 0 };
		if (settings->json)
			map_look(&maps[i], &then.exmaps[i], PRINT_CELLS, false);
	}
	wait_for(settings->interval);
	now = look_again(&settings->look);
	if (settings->json)
		print_json(&now, &then, maps);
	else if (now.n)
		print_tables(&now, &then);
	else if (!now.locked)
		fprintf(stderr, "exmap-top: no process that may be looked into has an exmap%s\n",
			now.foreign ?
				"; those of other users are seen by root: run exmap-top as root" :
				"");
	if (now.locked)
		fprintf(stderr,
			"exmap-top: left out: %zu with an exmap whose memory may not be read (EPERM), as by "
			"a debugger: see kernel.yama.ptrace_scope; run exmap-top as root\n",
			now.locked);
	for (size_t i = 0; i < then.n; i++)
		map_free(&maps[i]);
	free(maps);
	snapshot_drop(&then, 0);
	snapshot_drop(&now, 0);
}

int main(int argc, char **argv)
{
	struct settings settings = { .interval = 1, .look.folder = MODULE_FOLDER };

	/* getopt begins its messages with argv[0]: "exmap-top" and not the path. */
	argv[0] = program_invocation_short_name;
	output_must_arrive();
	argp_parse(&argp, argc, argv, 0, NULL, &settings);
	if (settings.once)
		print_once(&settings);
	else if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		screen_run(&settings.look, settings.interval);
	else
		fail("no terminal to draw on; use --once, or --once --json");
	return 0;
}
