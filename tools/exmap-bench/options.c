// SPDX-License-Identifier: MIT
/* options.c - exmap-bench's command line */

#include "bench.h"

#include <argp.h>
#include <stdlib.h>

enum {
	OPT_TOUCH = 256,
	OPT_SET,
	OPT_RUNS,
	OPT_PAGES,
	OPT_SURFACE,
	OPT_FRAMES,
	OPT_INTERFACES,
	OPT_UNCHECKED,
	OPT_QUICK,
	OPT_CSV,
	OPT_JSON,
	OPT_REPLAY,
	OPT_TRACE_COST,
	OPT_TRACE_COST_CHILD,
	OPT_CHILD
};

const char *argp_program_version = "exmap-bench " EXMAP_VERSION;

static const struct argp_option argp_options[] = {
	{ "patterns", 'p', "LIST", 0,
	  "Of scattered, neighbours, run, runs, handover, steal, page-read, batch-read, scan, "
	  "shadow, empty (default: all but runs, scan and shadow)",
	  0 },
	{ "threads", 't', "LIST", 0, "Numbers of threads (default 1,2)", 0 },
	{ "batch", 'b', "LIST", 0,
	  "Pages of a round, up to 512, of an object in shadow up to 4095 (default 512,64)", 0 },
	{ "touch", OPT_TOUCH, "yes|no|yes,no", 0, "Store to each page (default yes)", 0 },
	{ "backends", 'B', "LIST", 0,
	  "Of exmap (what /dev/exmap is), auto, move, copy, guard, mprotect (the emulator by strategy), "
	  "anon, anon-vectored (anonymous memory and madvise), mmap (of the file), pread (into "
	  "memory that stays), bare-copy, bare-move (the emulator's primitives in a loop without "
	  "bookkeeping), bare-single (the same, a page a call), bare-guard (guard's primitives), "
	  "bare-memcpy (for shadow: a copy); default "
	  "exmap,auto,copy,anon,anon-vectored,mmap,pread,bare-memcpy",
	  0 },
	{ "set", OPT_SET, "NAME", 0,
	  "A fixed list instead of --patterns, --threads, --batch and --touch: module", 0 },
	{ "run-length", OPT_RUNS, "LIST", 0, "Pages of a vector of runs (default 8)", 0 },
	{ "pages", OPT_PAGES, "LIST", 0, "Working set of each thread (default 16384)", 0 },
	{ "surface", OPT_SURFACE, "LIST", 0,
	  "Pages mapped, over which the working sets are spread (default: no more)", 0 },
	{ "interfaces", OPT_INTERFACES, "LIST", 0,
	  "Of the exmap, all of which the threads use in turn (default: two a thread, of which it "
	  "keeps to one)",
	  0 },
	{ "frames", OPT_FRAMES, "LIST", 0,
	  "Of the exmap (default: four batches a thread; steal: three of four threads' batches)",
	  0 },
	{ "file", 'f', "PATH", 0,
	  "File or block device to read from, which is left as it is (default: one is "
	  "made)",
	  0 },
	{ "unchecked", OPT_UNCHECKED, NULL, 0,
	  "Do not compare pages with the file (for null_blk, which has no content)", 0 },
	{ "seconds", 's', "S", 0, "Length of one measurement (default 0.3)", 0 },
	{ "repeat", 'n', "N", 0, "Repetitions, in turn (default 5, at most 64)", 0 },
	{ "quick", OPT_QUICK, NULL, 0,
	  "Everything once and briefly, to see that it works: -n1 -s0.02 -b64 --pages=1024", 0 },
	{ "csv", OPT_CSV, NULL, 0, "Print CSV", 0 },
	{ "json", OPT_JSON, NULL, 0, "Print JSON", 0 },
	{ "replay", OPT_REPLAY, "FILE", 0,
	  "Instead of patterns: do the calls of a trace (exmap-run --trace) again, at full speed, on "
	  "those of the backends that are exmaps",
	  0 },
	{ "trace-cost", OPT_TRACE_COST, NULL, 0,
	  "Time what exmap-run --trace costs an action and a vector, and nothing else", 0 },
	{ "trace-cost-child", OPT_TRACE_COST_CHILD, NULL, OPTION_HIDDEN, NULL, 0 },
	{ "child", OPT_CHILD, "ORDER", OPTION_HIDDEN, NULL, 0 },
	{ 0 },
};

static void check(const struct options *o, struct argp_state *state)
{
	if (!(o->seconds > 0) || o->repeat < 1 || o->repeat > MAX_REPEAT)
		argp_error(state, "--seconds must be more than 0, --repeat 1 to %d", MAX_REPEAT);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'p':
		o->patterns = arg;
		break;
	case 't':
		o->threads = arg;
		break;
	case 'b':
		o->batches = arg;
		break;
	case OPT_TOUCH:
		o->touch = arg;
		break;
	case 'B':
		o->backends = arg;
		break;
	case OPT_SET:
		o->set = arg;
		break;
	case OPT_PAGES:
		o->pages = arg;
		break;
	case OPT_RUNS:
		o->runs = arg;
		break;
	case OPT_SURFACE:
		o->surfaces = arg;
		break;
	case OPT_INTERFACES:
		o->interfaces = arg;
		break;
	case OPT_FRAMES:
		o->frames = arg;
		break;
	case 'f':
		o->file = arg;
		break;
	case OPT_UNCHECKED:
		o->unchecked = true;
		break;
	case 's':
		o->seconds = atof(arg);
		break;
	case 'n':
		o->repeat = atoi(arg);
		break;
	case OPT_QUICK:
		o->repeat = 1;
		o->seconds = 0.02;
		o->batches = "64";
		o->pages = "1024";
		break;
	case OPT_CSV:
		o->format = CSV;
		break;
	case OPT_JSON:
		o->format = JSON;
		break;
	case OPT_REPLAY:
		o->replay = arg;
		break;
	case OPT_TRACE_COST:
		o->trace_cost = true;
		break;
	case OPT_TRACE_COST_CHILD:
		o->trace_cost_child = true;
		break;
	case OPT_CHILD:
		o->child = arg;
		break;
	case ARGP_KEY_END:
		check(o, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void options_parse(struct options *options, int argc, char **argv)
{
	static const struct argp argp = {
		.options = argp_options,
		.parser = parse,
		.doc = "Time patterns of page use on exmaps and without them.\v"
		       "Prints the median, the least and the most of several repetitions, which are "
		       "made in turn. What a backend does is verified before it is timed.",
	};

	*options = (struct options){
		.patterns = "scattered,neighbours,run,handover,steal,page-read,batch-read,empty",
		.threads = "1,2",
		.batches = "512,64",
		.touch = "yes",
		.backends = "exmap,auto,copy,anon,anon-vectored,mmap,pread,bare-memcpy",
		.runs = "8",
		.pages = "16384",
		.surfaces = "0",
		.frames = "0",
		.interfaces = "0",
		.seconds = 0.3,
		.repeat = 5,
	};
	argp_parse(&argp, argc, argv, 0, NULL, options);
}
