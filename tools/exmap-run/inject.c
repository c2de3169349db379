// SPDX-License-Identifier: MIT
/* inject.c - see inject.h */

#define _GNU_SOURCE
#include "tools/exmap-run/inject.h"

#include <stdio.h>

#include "core/inject_rule.h"
#include "tools/exmap-run/client.h"
#include "tools/exmap-run/environment.h"

bool inject_option(const char *rule)
{
	static char option[EXMAP_INJECT_RULES * sizeof(((struct exmap_inject_rule *)0)->text)] =
		"inject=";
	static int nr;
	struct exmap_inject_rule parsed;
	size_t used = strlen(option);
	char why[160];

	if (!exmap_inject_parse(rule, strlen(rule), &parsed, why, sizeof(why))) {
		complain("--inject=%s: %s; there is %s", rule, why, EXMAP_INJECT_USAGE);
		return false;
	}
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
