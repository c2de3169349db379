// SPDX-License-Identifier: MIT
/* option.c - see option.h */

#define _GNU_SOURCE
#include "tools/exmap-run/option.h"

#include <string.h>

#include "emu/options.h"
#include "tools/exmap-run/client.h"
#include "tools/exmap-run/environment.h"
#include "tools/exmap-run/inject.h"

static bool there_is(const char *option)
{
	static const char inject[] = "inject=";
	const char *takes;

	/* Of a rule that is none the emulator would say so, and take the others. */
	if (!strncmp(option, inject, strlen(inject)) && !inject_check(option + strlen(inject)))
		return false;
	if (emu_option_set(option, &takes))
		return true;
	if (takes)
		complain("--option %s: no such value; there is %s", option, takes);
	else
		complain("--option %s: no such option; --option help lists them", option);
	return false;
}

bool option_any(const char *option)
{
	/* Not freed: the emulator keeps the values that are strings. */
	char *rest = strdup(option);
	char *word;

	while ((word = strsep(&rest, ":"))) {
		if (*word && !there_is(word))
			return false;
	}
	set_option(option);
	return true;
}
