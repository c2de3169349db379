// SPDX-License-Identifier: MIT
/* environment.c - see environment.h */

#define _GNU_SOURCE
#include "tools/exmap-run/environment.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/exmap-run/alias.h"

#define SHIM "libexmap-shim.so"

/* Folders to look for the shim in, beside that of exmap-run: of a build, and as installed. */
static const char *const beside_us[] = { "../lib", EXMAP_SHIM_FROM_BIN };

const char *own_folder(char self[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", self, PATH_MAX - 1);

	if (n < 0)
		return ".";
	self[n] = '\0';
	return dirname(self);
}

static bool look_for_shim(char path[PATH_MAX])
{
	char self[PATH_MAX];
	const char *dir = own_folder(self);

	for (size_t i = 0; i < sizeof(beside_us) / sizeof(beside_us[0]); i++) {
		char try[2 * PATH_MAX];

		snprintf(try, sizeof(try), "%s/%s/%s", dir, beside_us[i], SHIM);
		if (realpath(try, path))
			return true;
	}
	if (realpath(EXMAP_SHIM_DIR "/" SHIM, path))
		return true;
	complain("no %s beside %s nor in %s; build it (cmake --build) or install it", SHIM, dir,
		 EXMAP_SHIM_DIR);
	return false;
}

bool find_shim(char path[PATH_MAX])
{
	if (!look_for_shim(path))
		return false;
	if (alias_needed(path) && !alias_make(path)) {
		complain("%s: LD_PRELOAD cannot name a path with a space, colon or dollar, and no "
			 "link to it can be made in /tmp (%s); build or install elsewhere",
			 path, strerror(errno));
		return false;
	}
	return true;
}

static void set(const char *name, const char *value)
{
	if (setenv(name, value, 1)) {
		complain("out of memory");
		exit(2);
	}
}

void set_preload(const struct client *client, const char *shim)
{
	const char *old = getenv("LD_PRELOAD");
	char *value = NULL;
	char *list = NULL;

	for (int i = 0; i < client->nr_runtimes; i++) {
		if (asprintf(&value, "%s%s%s", list ? list : "", list ? ":" : "",
			     client->runtimes[i]) < 0)
			value = NULL;
		free(list);
		list = value;
	}
	if (asprintf(&value, "%s%s%s%s%s", list ? list : "", list ? ":" : "", shim,
		     old && *old ? ":" : "", old ? old : "") < 0)
		value = NULL;
	set("LD_PRELOAD", value ? value : shim);
	free(value);
	free(list);
}

void set_symbols(void)
{
	char self[PATH_MAX];
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/exmap-symbols", own_folder(self));
	if (!access(path, X_OK))
		set("EXMAP_SYMBOLS", path);
}

void set_suppressions(void)
{
	static const char *const places[] = { ".", "../share/exmap-emu" };
	const char *old = getenv("VALGRIND_OPTS");
	char self[PATH_MAX];
	const char *dir = own_folder(self);
	char path[PATH_MAX + 64];
	char *value;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s/exmap.supp", dir, places[i]);
		/* Valgrind takes a space for the end of an option. */
		if (access(path, R_OK) || (strchr(path, ' ') && !alias_make(path)))
			continue;
		if (asprintf(&value, "%s%s--suppressions=%s", old ? old : "", old ? " " : "",
			     path) < 0)
			return;
		set("VALGRIND_OPTS", value);
		free(value);
		return;
	}
}

void set_option(const char *option)
{
	const char *old = getenv("EXMAP_OPTIONS");
	size_t key = strcspn(option, "=");
	char *copy = strdup(old ? old : "");
	char *value = malloc((old ? strlen(old) : 0) + strlen(option) + 2);
	char *rest = copy;
	char *word;

	if (!copy || !value) {
		complain("out of memory");
		exit(2);
	}
	*value = '\0';
	while ((word = strsep(&rest, ":"))) {
		bool same = strcspn(word, "=") == key && !strncmp(word, option, key);

		if (!*word || same)
			continue;
		strcat(value, word);
		strcat(value, ":");
	}
	strcat(value, option);
	set("EXMAP_OPTIONS", value);
	free(copy);
	free(value);
}
