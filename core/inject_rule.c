// SPDX-License-Identifier: MIT
/* inject_rule.c - see inject_rule.h */

#include "emu/inject_rule.h"

#include <stdio.h>
#include <stdlib.h>

#include "emu/chance.h"

#define NS_PER_S 1000000000ull

static const char *const ops[] = {
	[EMU_INJECT_ALLOC] = "alloc",
	[EMU_INJECT_FREE] = "free",
	[EMU_INJECT_READ] = "read",
	[EMU_INJECT_SETUP] = "setup",
};

#define NR_OPS (sizeof(ops) / sizeof(ops[0]))

/* Which op may meet which fault: those that docs/spec.md has for it. */
static const struct fault {
	const char *word;
	enum emu_inject_op op;
	int error;
	bool cut;
} faults[] = {
	{ "enomem", EMU_INJECT_ALLOC, -ENOMEM, false }, { "eio", EMU_INJECT_READ, -EIO, false },
	{ "enomem", EMU_INJECT_READ, -ENOMEM, false },	{ "short", EMU_INJECT_READ, 0, true },
	{ "enomem", EMU_INJECT_SETUP, -ENOMEM, false },
};

#define NR_FAULTS (sizeof(faults) / sizeof(faults[0]))

/* Reads a number at *@text, and passes over it. Return: whether one is there that is not too large. */
static bool number(const char **text, u64 most, u64 *value)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	*value = strtoull(*text, &end, 10);
	*text = end;
	return !errno && *value <= most;
}

static bool duration(const char *text, u64 *ns)
{
	static const struct {
		const char *name;
		u64 ns;
	} units[] = { { "us", 1000 }, { "ms", 1000000 }, { "s", NS_PER_S } };

	if (!number(&text, NS_PER_S, ns))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text, units[i].name))
			continue;
		*ns *= units[i].ns;
		return *ns && *ns <= 60 * NS_PER_S;
	}
	return false;
}

/* KEY=VALUE. Return: whether there is such a key, and this is a value of it. */
static bool set_key(struct emu_inject_rule *rule, const char *key, const char *value)
{
	u64 n;

	if (!strcmp(key, "p"))
		return !rule->every && emu_chance_parse(value, &rule->p);
	if (!strcmp(key, "delay"))
		return rule->op != EMU_INJECT_SETUP && duration(value, &rule->delay_ns);
	if (!number(&value, UINT64_MAX, &n))
		return false;
	if (!strcmp(key, "pages")) {
		rule->first = n;
		return *value++ == '-' && number(&value, UINT64_MAX, &rule->last) && !*value &&
		       rule->first <= rule->last && rule->op != EMU_INJECT_SETUP;
	}
	if (*value)
		return false;
	if (!strcmp(key, "every")) {
		rule->every = n;
		return n && !rule->p;
	}
	if (!strcmp(key, "seed")) {
		rule->seed = n;
		return n && n <= U32_MAX;
	}
	if (!strcmp(key, "if")) {
		rule->interface = n;
		return n < 256 && rule->op != EMU_INJECT_SETUP;
	}
	return false;
}

static bool set_fault(struct emu_inject_rule *rule, const char *word)
{
	for (size_t i = 0; i < NR_FAULTS; i++) {
		if (strcmp(faults[i].word, word) || faults[i].op != rule->op || rule->error ||
		    rule->cut)
			continue;
		rule->error = faults[i].error;
		rule->cut = faults[i].cut;
		return true;
	}
	return false;
}

static bool set_op(struct emu_inject_rule *rule, const char *word)
{
	for (size_t i = 0; i < NR_OPS; i++) {
		if (!strcmp(ops[i], word)) {
			rule->op = i;
			return true;
		}
	}
	return false;
}

static bool set_word(struct emu_inject_rule *rule, char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		return set_fault(rule, word);
	*value++ = '\0';
	if (set_key(rule, word, value))
		return true;
	value[-1] = '=';
	return false;
}

bool emu_inject_parse(const char *text, size_t len, struct emu_inject_rule *rule, char *why,
		      size_t room)
{
	char copy[sizeof(rule->text)];
	char *rest = copy;
	char *word;

	*rule = (struct emu_inject_rule){ .interface = -1, .last = UINT64_MAX };
	if (len >= sizeof(copy)) {
		snprintf(why, room, "it is longer than %zu bytes", sizeof(copy) - 1);
		return false;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	for (size_t i = 0; i < len; i++)
		copy[i] = copy[i] == ',' ? ':' : copy[i];
	memcpy(rule->text, copy, len + 1);
	word = strtok_r(copy, ":", &rest);
	if (!word || !set_op(rule, word)) {
		snprintf(why, room, "no '%s'", word ? word : "");
		return false;
	}
	while ((word = strtok_r(NULL, ":", &rest))) {
		if (!set_word(rule, word)) {
			snprintf(why, room, "no '%s' for %s", word, ops[rule->op]);
			return false;
		}
	}
	if (!rule->error && !rule->cut && !rule->delay_ns) {
		snprintf(why, room, "it says of %s not what happens", ops[rule->op]);
		return false;
	}
	if (!rule->every && !rule->p)
		rule->every = 1;
	return true;
}
