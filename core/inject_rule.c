// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* inject_rule.c - see inject_rule.h */

#include "core/inject_rule.h"

#include "core/chance.h"

#define NS_PER_S 1000000000ULL

static const char *const ops[] = {
	[EXMAP_INJECT_ALLOC] = "alloc",
	[EXMAP_INJECT_FREE] = "free",
	[EXMAP_INJECT_READ] = "read",
	[EXMAP_INJECT_SETUP] = "setup",
};

/* Which op may meet which fault: those that docs/spec.md has for it. */
static const struct fault {
	const char *word;
	enum exmap_inject_op op;
	int error;
	bool cut;
} faults[] = {
	{ "enomem", EXMAP_INJECT_ALLOC, -ENOMEM, false }, { "eio", EXMAP_INJECT_READ, -EIO, false },
	{ "enomem", EXMAP_INJECT_READ, -ENOMEM, false },  { "short", EXMAP_INJECT_READ, 0, true },
	{ "enomem", EXMAP_INJECT_SETUP, -ENOMEM, false },
};

/* Reads a number at *@text, and passes over it. Return: whether one is there, of at most @most. */
static bool number(const char **text, u64 most, u64 *value)
{
	const char *start = *text;

	*value = 0;
	for (; **text >= '0' && **text <= '9'; ++*text) {
		u32 digit = **text - '0';

		if (*value > (most - digit) / 10)
			return false;
		*value = *value * 10 + digit;
	}
	return *text > start;
}

static bool duration(const char *text, u64 *ns)
{
	static const struct {
		const char *name;
		u64 ns;
	} units[] = { { "us", 1000 }, { "ms", 1000000 }, { "s", NS_PER_S } };

	if (!number(&text, NS_PER_S, ns))
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(text, units[i].name))
			continue;
		*ns *= units[i].ns;
		return *ns && *ns <= 60 * NS_PER_S;
	}
	return false;
}

/* KEY=VALUE. Return: whether there is such a key, and this is a value of it. */
static bool set_key(struct exmap_inject_rule *rule, const char *key, const char *value)
{
	u64 n;

	if (!strcmp(key, "p"))
		return !rule->every && exmap_chance_parse(value, &rule->p);
	if (!strcmp(key, "delay"))
		return rule->op != EXMAP_INJECT_SETUP && duration(value, &rule->delay_ns);
	if (!number(&value, U64_MAX, &n))
		return false;
	if (!strcmp(key, "pages")) {
		rule->first = n;
		return *value++ == '-' && number(&value, U64_MAX, &rule->last) && !*value &&
		       rule->first <= rule->last && rule->op != EXMAP_INJECT_SETUP;
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
		return n < 256 && rule->op != EXMAP_INJECT_SETUP;
	}
	return false;
}

static bool set_fault(struct exmap_inject_rule *rule, const char *word)
{
	for (u32 i = 0; i < ARRAY_SIZE(faults); i++) {
		if (strcmp(faults[i].word, word) || faults[i].op != rule->op || rule->error ||
		    rule->cut)
			continue;
		rule->error = faults[i].error;
		rule->cut = faults[i].cut;
		return true;
	}
	return false;
}

static bool set_op(struct exmap_inject_rule *rule, const char *word)
{
	for (u32 i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!strcmp(ops[i], word)) {
			rule->op = i;
			return true;
		}
	}
	return false;
}

static bool set_word(struct exmap_inject_rule *rule, char *word)
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

/* Cuts the next word off @rest, and ends it. Return: the word, or NULL if there is none. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, ":");
	char *end = word + strcspn(word, ":");

	*rest = *end ? end + 1 : end;
	*end = '\0';
	return end > word ? word : NULL;
}

bool exmap_inject_parse(const char *text, size_t len, struct exmap_inject_rule *rule, char *why,
			size_t room)
{
	char copy[sizeof(rule->text)];
	char *rest = copy;
	char *word;

	*rule = (struct exmap_inject_rule){ .interface = -1, .last = U64_MAX };
	if (len >= sizeof(copy)) {
		snprintf(why, room, "it is longer than %zu bytes", sizeof(copy) - 1);
		return false;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	for (size_t i = 0; i < len; i++)
		copy[i] = copy[i] == ',' ? ':' : copy[i];
	memcpy(rule->text, copy, len + 1);
	word = next_word(&rest);
	if (!word || !set_op(rule, word)) {
		snprintf(why, room, "no '%s'", word ? word : "");
		return false;
	}
	while ((word = next_word(&rest)) != NULL) {
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
