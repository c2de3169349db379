// SPDX-License-Identifier: MIT
/* options.c - EXMAP_OPTIONS; see options.h */

#include "emu/options.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "emu/backtrace.h"
#include "core/chance.h"
#include "emu/say.h"
#include "emu/sys.h"
#include "emu/watch.h"

/* Our own tests, built with a sanitizer, read freed pages on purpose. */
#ifdef EXMAP_SANITIZED
static struct emu_options options;
#else
static struct emu_options options = { .memcheck = true };
#endif
/* EXMAP_OPTIONS, cut into words, to which values that are strings point. */
static char text[1024];

struct choice {
	const char *word;
	int value;
};

static const struct choice booleans[] = { { "0", 0 },	{ "1", 1 },  { "no", 0 }, { "yes", 1 },
					  { "off", 0 }, { "on", 1 }, { NULL, 0 } };
static const struct choice strategies[] = { { "auto", EMU_STRATEGY_AUTO },
					    { "move", EMU_STRATEGY_MOVE },
					    { "copy", EMU_STRATEGY_COPY },
					    { "guard", EMU_STRATEGY_GUARD },
					    { "mprotect", EMU_STRATEGY_MPROTECT },
					    { "mixed", EMU_STRATEGY_MIXED },
					    { NULL, 0 } };
static const struct choice traps[] = { { "auto", EMU_TRAP_AUTO }, { "0", EMU_TRAP_OFF },
				       { "off", EMU_TRAP_OFF },	  { "no", EMU_TRAP_OFF },
				       { "1", EMU_TRAP_ON },	  { "on", EMU_TRAP_ON },
				       { "yes", EMU_TRAP_ON },	  { NULL, 0 } };
static const struct choice backends[] = { { "emu", EMU_BACKEND_EMU },
					  { "module", EMU_BACKEND_MODULE },
					  { NULL, 0 } };

static const struct choice holes[] = { { "hidden", false }, { "readable", true }, { NULL, 0 } };

static const struct choice dialects[] = { { "exmap", EMU_DIALECT_EXMAP },
					  { "leanstore", EMU_DIALECT_LEANSTORE },
					  { NULL, 0 } };

static const struct choice steals[] = { { "auto", false }, { "always", true }, { NULL, 0 } };
static const struct choice reports[] = { { "fatal", 0 }, { "all", 1 }, { NULL, 0 } };

static const struct choice shadows[] = { { "keep", false }, { "strict", true }, { NULL, 0 } };

/* The most that an option with a number takes. */
#define MAX_NUMBER 1000000
/* help=1 */
static bool help_wanted;

static bool set_yield(const char *value)
{
	return exmap_chance_parse(value, &options.yield);
}

static void add_rule(const char *text, size_t len)
{
	char why[160];

	if (options.inject.nr == EXMAP_INJECT_RULES)
		emu_say("EXMAP_OPTIONS: inject=%.*s: more than %d rules; ignored", (int)len, text,
			EXMAP_INJECT_RULES);
	else if (exmap_inject_parse(text, len, &options.inject.rule[options.inject.nr], why,
				    sizeof(why)))
		options.inject.nr++;
	else
		emu_say("EXMAP_OPTIONS: inject=%.*s: %s; ignored. With commas for colons, and "
			"semicolons between rules, there is %s",
			(int)len, text, why, EXMAP_INJECT_USAGE);
}

static bool set_inject(const char *value)
{
	options.inject.nr = 0;
	for (; *value; value += *value == ';') {
		size_t len = strcspn(value, ";");

		add_rule(value, len);
		value += len;
	}
	return true;
}

static bool set_trace(const char *value)
{
	options.trace = value;
	return true;
}

/**
 * struct option - an option
 * @key:     its name
 * @choices: the words that it takes; NULL if it takes a number up to MAX_NUMBER, or a string
 * @flag:    where a value that is false or true goes, or NULL
 * @number:  where any other number goes, or NULL
 * @take:    called with the string, which is not empty and stays where it is; returns whether it is
 *           one of those that there are. NULL if the option takes none
 * @help:    what help=1 prints
 */
static const struct option {
	const char *key;
	const struct choice *choices;
	bool *flag;
	unsigned int *number;
	bool (*take)(const char *value);
	const char *help;
} table[] = {
	{ "strategy", strategies, NULL, &options.strategy, NULL,
	  "auto|move|copy|guard|mprotect|mixed: how pages appear and vanish" },
	{ "backend", backends, NULL, &options.backend, NULL, "emu|module: who serves /dev/exmap" },
	{ "dialect", dialects, NULL, &options.dialect, NULL,
	  "exmap|leanstore: what /dev/exmap follows; /dev/exmap0 to 4 always follow leanstore" },
	{ "stats", booleans, &options.stats, NULL, NULL, "0|1: statistics on stderr at the end" },
	{ "junk", booleans, &options.junk, NULL, NULL,
	  "0|1: fresh pages hold a pattern instead of zeroes, and freed ones are overwritten" },
	{ "holes", holes, &options.readable_holes, NULL, NULL,
	  "hidden|readable: under strategy=mprotect, what becomes of free pages where "
	  "vm.max_map_count is too low" },
	{ "memcheck", booleans, &options.memcheck, NULL, NULL,
	  "0|1: tell valgrind and sanitizers of freed and fresh pages" },
	{ "trap", traps, NULL, &options.trap, NULL,
	  "auto|on|off: serve system calls made outside libc too, where there are some" },
	{ "history", NULL, NULL, &options.history, NULL,
	  "N: keep the latest N actions of each interface, for reports of bad accesses" },
	{ "history-stacks", booleans, &options.history_stacks, NULL, NULL,
	  "0|1: with the stacks of their callers" },
	{ "notes", booleans, &options.notes, NULL, NULL,
	  "0|1: say why calls fail, and what they did that may be a mistake" },
	{ "report", reports, &options.report, NULL, NULL,
	  "fatal|all: report bad accesses that the program has no handler for, or others too" },
	{ "writeback", booleans, &options.writeback, NULL, NULL,
	  "0|1: say which pages FREE drops whose content the backing does not have" },
	{ "shadow", shadows, &options.strict_shadows, NULL, NULL,
	  "keep|strict: leave pages mapped after RM_SD, which is fast, or drop them at once" },
	{ "trace", NULL, NULL, NULL, set_trace,
	  "FILE: record all calls in FILE; %p stands for the pid" },
	{ "inject", NULL, NULL, NULL, set_inject,
	  "RULE[;RULE...]: have calls fail, end early or take long: " EXMAP_INJECT_USAGE
	  "; with commas for colons" },
	{ "seed", NULL, NULL, &options.seed, NULL,
	  "N: what the random decisions of other options follow from" },
	{ "yield", NULL, NULL, NULL, set_yield,
	  "P: with this probability, 0 to 1, let other threads run in the middle of calls" },
	{ "quarantine", NULL, NULL, &options.quarantine, NULL,
	  "N: hand a freed frame out again when N others were freed after it" },
	{ "shuffle", NULL, NULL, &options.shuffle, NULL,
	  "SEED: hand frames out in a random order" },
	{ "steal", steals, &options.steal, NULL, NULL,
	  "auto|always: ALLOC takes frames from other interfaces' lists first" },
	{ "verbose", booleans, &options.verbose, NULL, NULL, "0|1: say what is done and why" },
	{ "help", booleans, &help_wanted, NULL, NULL, "0|1: print this list" },
};

#define NR_OPTIONS (sizeof(table) / sizeof(table[0]))

static void print_help(void)
{
	emu_say("EXMAP_OPTIONS=key=value:key=value...");
	for (size_t i = 0; i < NR_OPTIONS; i++)
		emu_say("  %-14s %s", table[i].key, table[i].help);
}

static void store(const struct option *option, unsigned int value)
{
	if (option->flag)
		*option->flag = value;
	else
		*option->number = value;
}

/* Return: whether @value is one that @option takes; then it is set. */
static bool set_value(const struct option *option, const char *value)
{
	unsigned long number;
	char *end;

	for (const struct choice *c = option->choices; c && c->word; c++) {
		if (!strcmp(c->word, value)) {
			store(option, c->value);
			return true;
		}
	}
	if (option->take)
		return *value && option->take(value);
	if (option->choices || *value < '0' || *value > '9')
		return false;
	number = strtoul(value, &end, 10);
	if (*end || number > MAX_NUMBER)
		return false;
	store(option, number);
	return true;
}

bool emu_option_set(const char *option, const char **takes)
{
	size_t key = strcspn(option, "=");

	*takes = NULL;
	for (size_t i = 0; i < NR_OPTIONS; i++) {
		if (strlen(table[i].key) != key || memcmp(table[i].key, option, key))
			continue;
		*takes = table[i].help;
		if (option[key])
			return set_value(&table[i], option + key + 1);
		/* KEY alone switches something on. It names no file. */
		return set_value(&table[i], table[i].take ? "" : "1");
	}
	return false;
}

static void set_option(const char *word)
{
	int key = strcspn(word, "=");
	const char *takes;

	if (emu_option_set(word, &takes))
		return;
	if (takes)
		emu_say("EXMAP_OPTIONS: '%s' is no value for %.*s (%s); ignored",
			word[key] ? word + key + 1 : "", key, word, takes);
	else
		emu_say("EXMAP_OPTIONS: unknown option '%.*s' ignored; EXMAP_OPTIONS=help=1 lists them",
			key, word);
}

/* A seed short enough to be typed again. */
static void draw_seed(void)
{
	emu_sys(SYS_getrandom, &options.seed, sizeof(options.seed), 0);
	options.seed = options.seed % MAX_NUMBER + 1;
	options.seed_drawn = options.yield;
	for (u32 i = 0; i < options.inject.nr; i++)
		options.seed_drawn |= exmap_inject_draws(&options.inject.rule[i]);
}

void emu_say_seed(void)
{
	if (emu_options()->seed_drawn)
		emu_say_once("seed=%u; the same decisions again with option seed=%u",
			     emu_options()->seed, emu_options()->seed);
}

static void read_options(void)
{
	const char *env = getenv("EXMAP_OPTIONS");
	char *rest = NULL;

	if (!env)
		return;
	if (strlen(env) >= sizeof(text)) {
		emu_say("EXMAP_OPTIONS is longer than %zu bytes; ignored", sizeof(text) - 1);
		return;
	}
	strcpy(text, env);
	for (char *word = strtok_r(text, ":", &rest); word; word = strtok_r(NULL, ":", &rest))
		set_option(word);
	if (help_wanted)
		print_help();
	if (!options.seed)
		draw_seed();
	exmap_store(&emu_watching, (options.history ? EMU_WATCH_HISTORY : 0) |
					   (options.notes ? EMU_WATCH_NOTES : 0) |
					   (options.writeback ? EMU_WATCH_WRITEBACK : 0) |
					   (options.trace ? EMU_WATCH_TRACE : 0) |
					   (options.yield ? EMU_WATCH_YIELD : 0));
	if (options.history || options.report || options.writeback)
		emu_backtrace_start();
}

const struct emu_options *emu_options(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_options);
	return &options;
}
