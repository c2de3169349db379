// SPDX-License-Identifier: MIT
/* inject.c - see inject.h */

#define _GNU_SOURCE
#include "tools/exmap-run/inject.h"

#include <stdio.h>

#include "emu/inject_rule.h"
#include "tools/exmap-run/client.h"
#include "tools/exmap-run/environment.h"

bool inject_option(const char *rule)
{
	static char option[EMU_INJECT_RULES * sizeof(((struct emu_inject_rule *)0)->text)] =
		"inject=";
	static int nr;
	struct emu_inject_rule parsed;
	size_t used = strlen(option);
	char why[160];

	if (!emu_inject_parse(rule, strlen(rule), &parsed, why, sizeof(why))) {
		complain("--inject=%s: %s; there is %s", rule, why, EMU_INJECT_USAGE);
		return false;
	}
	if (nr == EMU_INJECT_RULES) {
		complain("--inject=%s: more than %d rules; leave some out", rule, EMU_INJECT_RULES);
		return false;
	}
	snprintf(option + used, sizeof(option) - used, "%s%s", nr++ ? ";" : "", parsed.text);
	for (char *c = option + used; *c; c++)
		*c = *c == ':' ? ',' : *c;
	set_option(option);
	return true;
}
