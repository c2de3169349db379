// SPDX-License-Identifier: MIT
/*
 * property.c - random operations on exmaps against a model
 *
 * There is one thread, so the model knows every result, exhaustion included. The seed that a
 * run prints repeats it.
 */
#include "backing.h"
#include "device.h"
#include "life.h"
#include "probe.h"

#include <argp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

/* How often each kind is chosen, in parts of the sum. */
static const unsigned int weights[OP_KINDS] = {
	[OP_ALLOC] = 300, [OP_FREE] = 260, [OP_READ] = 60,    [OP_READ_ALLOC] = 40,
	[OP_TOUCH] = 300, [OP_FAULT] = 10, [OP_STATS] = 60,   [OP_BAD_CALL] = 10,
	[OP_REMAP] = 1,	  [OP_VERIFY] = 4, [OP_SHADOW] = 100, [OP_RM_SD] = 30,
	[OP_LOOK] = 100,
};

#define OPS_PER_LIFE 2000

static struct {
	unsigned long ops;
	uint64_t seed;
} options = { .ops = 200000 };

static unsigned long done;
static unsigned long counts[OP_KINDS];
static char description[512];

void describe(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(description, sizeof(description), fmt, args);
	va_end(args);
}

void fail(const char *fmt, ...)
{
	va_list args;

	printf("operation %lu: %s\n", done, description);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\nrepeat with: --device %s --seed %#llx --ops %lu\n0 passed, 1 failed, 0 skipped\n",
	       device_path, (unsigned long long)options.seed, options.ops);
	fflush(stdout);
	_exit(1);
}

static enum op_kind random_op(struct random *r)
{
	unsigned int sum = 0, pick;

	for (int i = 0; i < OP_KINDS; i++)
		sum += weights[i];
	pick = (unsigned int)random_below(r, sum);
	for (int i = 0; i < OP_KINDS; i++) {
		if (pick < weights[i])
			return (enum op_kind)i;
		pick -= weights[i];
	}
	return OP_VERIFY;
}

static void run(void)
{
	static struct life life;
	int backings[BACKINGS];

	life.random.state = options.seed;
	for (int i = 0; i < BACKINGS; i++)
		backings[i] = backing_create(backing_sizes[i]);
	while (done < options.ops) {
		size_t which = random_below(&life.random, BACKINGS + 1);

		if (which < BACKINGS)
			life_begin(&life, backings[which], backing_sizes[which]);
		else
			life_begin(&life, -1, 0);
		for (int i = 0; i < OPS_PER_LIFE && done < options.ops; i++, done++) {
			enum op_kind op = random_op(&life.random);

			counts[op]++;
			life_op(&life, op);
		}
		life_op(&life, OP_VERIFY);
		life_end(&life);
	}
}

static const struct argp_option argp_options[] = {
	{ "ops", 'n', "N", 0, "How many operations (default 200000)", 0 },
	{ "seed", 's', "S", 0, "Start of the random numbers (default: another each time)", 0 },
	DEVICE_ARGP_OPTION,
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	char *end;

	switch (key) {
	case DEVICE_OPTION:
		device_path = arg;
		return 0;
	case 'n':
		options.ops = strtoul(arg, &end, 0);
		break;
	case 's':
		options.seed = strtoull(arg, &end, 0);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	if (!*arg || *end)
		argp_error(state, "not a number: %s", arg);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = argp_options,
		.parser = parse,
		.doc = "Random operations on /dev/exmap against a model of docs/spec.md.\v"
		       "Environment:\n"
		       "  EXMAP_TEST_DIR  where to create backing files; it must support O_DIRECT\n",
	};

	if (getrandom(&options.seed, sizeof(options.seed), 0) != sizeof(options.seed))
		return 1;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	printf("seed %#llx\n", (unsigned long long)options.seed);
	fflush(stdout);
	probe_init();
	run();
	for (int i = 0; i < OP_KINDS; i++)
		printf("%s %lu, ", op_names[i], counts[i]);
	for (int i = 0; i < EVENT_KINDS; i++)
		printf("%s %lu%s", event_names[i], events[i], i + 1 < EVENT_KINDS ? ", " : "\n");
	printf("1 passed, 0 failed, 0 skipped\n");
	return 0;
}
