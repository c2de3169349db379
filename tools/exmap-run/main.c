// SPDX-License-Identifier: MIT
/* main.c - exmap-run: run an unmodified exmap client without the kernel module */

#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emu/advice.h"
#include "emu/options.h"
#include "tools/exmap-run/client.h"
#include "tools/exmap-run/doctor.h"
#include "tools/exmap-run/environment.h"
#include "tools/exmap-run/inject.h"
#include "tools/exmap-run/option.h"
#include "tools/exmap-run/trace.h"
#include "tools/output.h"

/* Exit status if exmap-run itself fails. */
#define EXIT_USAGE 2

const char *argp_program_version = "exmap-run " EXMAP_VERSION;
error_t argp_err_exit_status = EXIT_USAGE;

struct run {
	char **command;
	bool module;
	bool verbose;
	bool doctor;
	bool list;
};

enum {
	OPTION_STRATEGY = 's',
	OPTION_BACKEND = 'b',
	OPTION_TRAP = 't',
	OPTION_DEBUG = 'd',
	OPTION_STATS = 256,
	OPTION_DOCTOR,
	OPTION_TRACE,
	OPTION_INJECT,
	OPTION_DIALECT,
	OPTION_SET = 'o',
};

static const struct argp_option options[] = {
	{ "strategy", OPTION_STRATEGY, "NAME", 0,
	  "How pages appear and vanish: auto (the default), move, copy (userfaultfd), guard "
	  "(Linux 6.13) or mprotect",
	  0 },
	{ "backend", OPTION_BACKEND, "NAME", 0,
	  "Who serves /dev/exmap: emu (the default), or module: the kernel module, if it is loaded",
	  0 },
	{ "dialect", OPTION_DIALECT, "exmap|leanstore", 0,
	  "What /dev/exmap follows: exmap (the default), or leanstore, for LeanStore where it opens "
	  "/dev/exmap; /dev/exmap0 to /dev/exmap4 always follow leanstore",
	  0 },
	{ "trap", OPTION_TRAP, "auto|on|off", 0,
	  "Serve system calls that are made outside libc: auto (the default) if the client, one "
	  "of its libraries or a program that it executes makes some; on always; off never",
	  0 },
	{ "stats", OPTION_STATS, NULL, 0,
	  "Print a table of statistics on stderr when the client exits", 0 },
	{ "trace", OPTION_TRACE, "FILE", 0,
	  "Record all calls in FILE, for exmap-trace; %p in it stands for the process. Where FILE "
	  "is taken, as in a forked child, FILE.PID is written",
	  0 },
	{ "inject", OPTION_INJECT, "RULE", 0,
	  "Have calls fail, end early or take long, as alloc:enomem:every=1000, read:eio:p=0.001, "
	  "read:short:if=3, read:delay=2ms:pages=100-200 or setup:enomem; may be given several times",
	  0 },
	{ "option", OPTION_SET, "KEY=VALUE", 0,
	  "Any other option of EXMAP_OPTIONS; --option help lists them", 0 },
	{ "debug", OPTION_DEBUG, NULL, 0,
	  "Report accesses to pages that are not allocated, with the stacks of who freed and who "
	  "allocated them; say why calls fail, and which other calls may be mistakes",
	  0 },
	{ "doctor", OPTION_DOCTOR, NULL, 0,
	  "Instead of running a client, say what is installed, what this machine permits, what a "
	  "client would get, what that costs, and what to do for more",
	  0 },
	{ "verbose", 'v', NULL, 0, "Say on stderr what is done and why", 0 },
	{ 0 },
};

static bool one_of(const char *word, const char *const *words)
{
	for (; *words; words++) {
		if (!strcmp(word, *words))
			return true;
	}
	return false;
}

static void set_choice(const char *key, const char *value, const char *const *choices)
{
	char option[64];

	if (!one_of(value, choices)) {
		complain("--%s: no '%s'; --help lists what there is", key, value);
		exit(EXIT_USAGE);
	}
	snprintf(option, sizeof(option), "%s=%s", key, value);
	set_option(option);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	static const char *const strategies[] = { "auto",     "move",  "copy", "guard",
						  "mprotect", "mixed", NULL };
	static const char *const traps[] = { "auto", "on", "off", NULL };
	static const char *const dialects[] = { "exmap", "leanstore", NULL };
	static const char *const backends[] = { "emu", "module", NULL };
	struct run *run = state->input;

	switch (key) {
	case OPTION_STRATEGY:
		set_choice("strategy", arg, strategies);
		if (!strcmp(arg, "guard") && !emu_guards()) {
			complain("--strategy=guard: this kernel has no guard regions (Linux 6.13); "
				 "use --strategy=auto");
			exit(EXIT_USAGE);
		}
		break;
	case OPTION_BACKEND:
		set_choice("backend", arg, backends);
		run->module = !strcmp(arg, "module");
		break;
	case OPTION_DIALECT:
		set_choice("dialect", arg, dialects);
		break;
	case OPTION_TRAP:
		set_choice("trap", arg, traps);
		break;
	case OPTION_STATS:
		set_option("stats=1");
		break;
	case OPTION_TRACE:
		if (!trace_option(arg))
			exit(EXIT_USAGE);
		break;
	case OPTION_INJECT:
		if (!inject_option(arg))
			exit(EXIT_USAGE);
		break;
	case OPTION_DEBUG:
		set_option("history=256");
		set_option("history-stacks=1");
		set_option("notes=1");
		set_option("shadow=strict");
		break;
	case OPTION_SET:
		if (!option_any(arg))
			exit(EXIT_USAGE);
		run->list |= !strcmp(arg, "help") || !strcmp(arg, "help=1");
		break;
	case 'v':
		run->verbose = true;
		set_option("verbose=1");
		break;
	case ARGP_KEY_ARG:
		/* All arguments from here on are the client's, even if they look like options. */
		run->command = &state->argv[state->next - 1];
		state->next = state->argc;
		break;
	case OPTION_DOCTOR:
		run->doctor = true;
		break;
	case ARGP_KEY_NO_ARGS:
		if (run->doctor || run->list)
			break;
		complain("no client given; exmap-run [OPTION...] -- CLIENT [ARG...]");
		exit(EXIT_USAGE);
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[--] CLIENT [ARG...]",
	.doc = "Run an exmap client without the kernel module: its calls on /dev/exmap are served "
	       "by an emulator inside its own process.\v"
	       "Exit status: the client's; 2 if it cannot be run.",
};

int main(int argc, char **argv)
{
	struct run run = { 0 };
	struct client client = { 0 };
	char shim[PATH_MAX];

	/* getopt begins its messages with argv[0]: "exmap-run" and not the path. */
	argv[0] = program_invocation_short_name;
	output_must_arrive();
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &run);
	if (run.doctor && run.command) {
		complain("--doctor runs no client; leave out %s, or --doctor", run.command[0]);
		return EXIT_USAGE;
	}
	if (run.doctor)
		return doctor();
	if (!run.command) {
		/* --option help: the emulator lists its options when it reads them. */
		emu_options();
		return 0;
	}
	if (!client_find(&client, run.command[0]))
		return EXIT_USAGE;
	if (run.module) {
		if (access("/dev/exmap", F_OK)) {
			complain("--backend=module: no /dev/exmap here; load the kernel "
				 "module, or use --backend=emu");
			return EXIT_USAGE;
		}
	} else {
		if (!client_check(&client) || !find_shim(shim))
			return EXIT_USAGE;
		client_add_runtimes(&client, shim);
		set_preload(&client, shim);
		set_symbols();
		set_suppressions();
	}
	if (run.verbose)
		complain("LD_PRELOAD=%s EXMAP_OPTIONS=%s %s",
			 getenv("LD_PRELOAD") ? getenv("LD_PRELOAD") : "",
			 getenv("EXMAP_OPTIONS") ? getenv("EXMAP_OPTIONS") : "", client.path);
	fflush(NULL);
	execv(client.path, run.command);
	complain("%s: %s%s", client.path, strerror(errno),
		 errno == ENOEXEC ? "; it is no program, or a script that lacks its #! line" : "");
	return EXIT_USAGE;
}
