// SPDX-License-Identifier: MIT
/* inject.c - see inject.h */

#define _GNU_SOURCE
#include "tools/exmap-run/inject.h"

#include <stdio.h>
#include <string.h>

#include "core/inject_rule.h"
#include "tools/exmap-run/client.h"
#include "tools/exmap-run/environment.h"

static bool parse(const char *text, size_t len, struct exmap_inject_rule *rule)
{
	char why[160];

	if (exmap_inject_parse(text, len, rule, why, sizeof(why)))
		return true;
	complain("--inject=%.*s: %s; there is %s", (int)len, text, why, EXMAP_INJECT_USAGE);
	return false;
}

bool inject_check(const char *rules)
{
	struct exmap_inject_rule rule;
	size_t len;

	for (; *rules; rules += len + (rules[len] == ';')) {
		len = strcspn(rules, ";");
		if (!parse(rules, len, &rule))
			return false;
	}
	return true;
}

bool inject_option(const char *rule)
{
	static char option[EXMAP_INJECT_RULES * sizeof(((struct exmap_inject_rule *)0)->text)] =
		"inject=";
	static int nr;
	struct exmap_inject_rule parsed;
	size_t used = strlen(option);

	if (!parse(rule, strlen(rule), &parsed))
		return false;
	if (nr == EXMAP_INJECT_RULES) {
		complain("--inject=%s: more than %d rules; leave some out", rule,
			 EXMAP_INJECT_RULES);
		return false;
	}
	snprintf(option + used, sizeof(option) - used, "%s%s", nr++ ? ";" : "", parsed.text);
	for (char *c = option + used; *c; c++)
		*c = *c == ':' ? ',' : *c;
	set_option(option);
	return true;
}
