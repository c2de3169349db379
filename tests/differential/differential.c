// SPDX-License-Identifier: MIT
/*
 * differential.c - a stream of operations, done to any backend and to the model
 *
 * A seed repeats a run, and so does a file of operations. The transcripts of runs on different
 * backends can be compared.
 */
#include "device.h"
#include "execute.h"
#include "run.h"

#include <argp.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static struct {
	struct source source;
	struct extras extras;
	bool shrink;
	const char *directory; /* directory for shrunk streams */
	bool replay;
	char **files;
	int nr_files;
} options = { .source = { .threads = 4, .ops = 100000 }, .directory = "." };

enum { OPT_RECORD = 256, OPT_COMPARE, OPT_REPLAY, OPT_SHRINK, OPT_TRACE };

static const struct argp_option argp_options[] = {
	{ "ops", 'n', "N", 0, "How many operations (default 100000)", 0 },
	{ "seed", 's', "S", 0, "Start of the random numbers (default: another each time)", 0 },
	{ "threads", 't', "N", 0, "How many threads take turns, 1 to 8 (default 4)", 0 },
	DEVICE_ARGP_OPTION,
	{ "record", OPT_RECORD, "FILE", 0, "Write a hash of each operation's results", 0 },
	{ "compare", OPT_COMPARE, "FILE", 0, "Compare with what another run has recorded", 0 },
	{ "replay", OPT_REPLAY, NULL, 0, "Do the operations in the files instead", 0 },
	{ "shrink", OPT_SHRINK, "DIR", OPTION_ARG_OPTIONAL,
	  "After a difference, find fewer operations that show one, and save them in DIR "
	  "(default: here)",
	  0 },
	{ "trace", OPT_TRACE, NULL, 0, "Print each operation and its results", 0 },
	{ 0 },
};

static uint64_t number(struct argp_state *state, const char *arg)
{
	char *end;
	uint64_t n = strtoull(arg, &end, 0);

	if (!*arg || *end)
		argp_error(state, "not a number: %s", arg);
	return n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'n':
		options.source.ops = number(state, arg);
		break;
	case 's':
		options.source.seed = number(state, arg);
		break;
	case 't':
		options.source.threads = (unsigned int)number(state, arg);
		if (options.source.threads < 1 || options.source.threads > MAX_THREADS)
			argp_error(state, "1 to %d threads", MAX_THREADS);
		break;
	case DEVICE_OPTION:
		device_path = arg;
		break;
	case OPT_RECORD:
		options.extras.record = arg;
		break;
	case OPT_COMPARE:
		options.extras.compare = arg;
		break;
	case OPT_REPLAY:
		options.replay = true;
		break;
	case OPT_SHRINK:
		options.shrink = true;
		if (arg)
			options.directory = arg;
		break;
	case OPT_TRACE:
		options.extras.trace = stdout;
		break;
	case ARGP_KEY_ARGS:
		options.files = state->argv + state->next;
		options.nr_files = state->argc - state->next;
		break;
	case ARGP_KEY_END:
		if (options.replay != !!options.nr_files)
			argp_error(state, "--replay goes with files");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* The shrunk stream is printed too, because a virtual machine's files are lost. */
static void save(const struct stream *s, const char *name)
{
	char path[4096];
	FILE *to;

	stream_print(s, stdout);
	snprintf(path, sizeof(path), "%s/%s.ops", options.directory, name);
	to = fopen(path, "w");
	if (!to)
		err(1, "%s", path);
	fprintf(to, "# Found by differential; it failed with %s.\n", name);
	stream_print(s, to);
	if (fclose(to))
		err(1, "%s", path);
	printf("saved as %s\n", path);
}

static void shrink_and_save(struct stream *s, const char *name)
{
	size_t before = s->n;
	unsigned int runs = shrink(s);

	if (!runs) {
		printf("%zu operations alone do not fail\n", before);
		return;
	}
	printf("shrunk from %zu to %zu operations in %u runs\n", before, s->n, runs);
	save(s, name);
}

static void print_op(const struct outcome *o, const struct op *op)
{
	char line[400];
	FILE *to = fmemopen(line, sizeof(line), "w");

	op_print(op, to);
	fclose(to);
	line[strcspn(line, "\n")] = '\0';
	printf("operation %lu: %s%s\n  %s\n", o->op, line,
	       strlen(line) == sizeof(line) - 1 ? "..." : "", o->why);
	fflush(stdout);
}

static bool replay(const char *path)
{
	struct stream s = { 0 };
	const struct source source = { .stream = &s };
	const struct outcome *o;
	bool ok;

	stream_read(&s, path);
	o = run(&source, &options.extras);
	ok = o->ending == RUN_OK;
	printf("%s %s\n", ok ? "ok" : "not ok", path);
	if (!ok && o->op < s.n) {
		print_op(o, s.op[o->op]);
		if (options.shrink)
			shrink_and_save(&s, "replayed");
	} else if (!ok) {
		printf("  %s\n", o->why);
	}
	stream_clear(&s);
	return ok;
}

static void print_counts(const struct outcome *o)
{
	for (int i = 0; i < OP_KINDS; i++)
		printf("%s %lu, ", op_name((enum kind)i), o->counts[i]);
	printf("actions out of frames %lu, inside a vector %lu, vectors outside %lu, faults %lu, "
	       "short reads %lu\n",
	       o->out_of_frames, o->partial, o->outside, o->faults, o->short_reads);
}

static bool generated(void)
{
	const struct outcome *o;
	struct stream s = { 0 };
	char name[64];

	printf("seed %#llx, %u threads\n", (unsigned long long)options.source.seed,
	       options.source.threads);
	o = run(&options.source, &options.extras);
	if (o->ending == RUN_OK) {
		print_counts(o);
		return true;
	}
	if (o->op == options.source.ops) {
		printf("%s\n", o->why);
		return false;
	}
	snprintf(name, sizeof(name), "seed-%llx-op-%lu", (unsigned long long)options.source.seed,
		 o->op);
	regenerate(&options.source, o->op, false, &s);
	print_op(o, s.op[s.n - 1]);
	printf("repeat with: --device %s --seed %#llx --threads %u --ops %lu\n", device_path,
	       (unsigned long long)options.source.seed, options.source.threads, o->op + 1);
	if (options.shrink)
		shrink_and_save(&s, name);
	stream_clear(&s);
	return false;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = argp_options,
		.parser = parse,
		.args_doc = "[FILE...]",
		.doc = "Random operations on /dev/exmap against a model of docs/spec.md.\v"
		       "Environment:\n"
		       "  EXMAP_TEST_DIR            where to create backing files; it must support "
		       "O_DIRECT\n"
		       "  EXMAP_TEST_TIMEOUT_SCALE  for slow machines\n",
	};
	int passed = 0, failed = 0;

	if (getrandom(&options.source.seed, sizeof(options.source.seed), 0) !=
	    sizeof(options.source.seed))
		return 1;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	execute_prepare();
	for (int i = 0; i < options.nr_files; i++) {
		if (replay(options.files[i]))
			passed++;
		else
			failed++;
	}
	if (!options.nr_files) {
		if (generated())
			passed++;
		else
			failed++;
	}
	printf("%d passed, %d failed, 0 skipped\n", passed, failed);
	return failed > 0;
}
