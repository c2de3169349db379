// SPDX-License-Identifier: MIT
/* installed.c - see installed.h */

#define _GNU_SOURCE
#include "tools/exmap-run/installed.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tools/exmap-run/environment.h"
#include "tools/exmap-run/finding.h"

#define DEVICE "/dev/exmap"
#define UDEV_RULE "60-exmap.rules"

/* The library for programs that link the emulator: beside the shim, or in the folder above. */
static void say_library(const char *shim)
{
	static const char *const places[] = { ".", ".." };
	char copy[PATH_MAX], path[PATH_MAX];
	const char *folder;

	/* Where the shim's path has a space, it has another name. */
	if (!realpath(shim, copy))
		strcpy(copy, shim);
	folder = dirname(copy);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char try[PATH_MAX + 32];

		snprintf(try, sizeof(try), "%s/%s/libexmap-emu.so.0", folder, places[i]);
		if (realpath(try, path)) {
			say("libexmap-emu, to link", path);
			return;
		}
	}
	say("libexmap-emu, to link", "no");
}

static void say_tools(void)
{
	static const char *const tools[] = { "exmap-bench", "exmap-calls", "exmap-symbols",
					     "exmap-top", "exmap-trace" };
	char self[PATH_MAX], path[PATH_MAX + 32];
	const char *folder = own_folder(self);
	char found[128] = "";

	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, tools[i]);
		if (access(path, X_OK))
			continue;
		if (*found)
			strcat(found, " ");
		strcat(found, tools[i]);
	}
	say("tools beside exmap-run", *found ? found : "none");
}

static bool module_loaded(void)
{
	return !access("/sys/module/exmap", F_OK);
}

/* Whether modprobe would find the module for the kernel that runs. */
static bool module_installed(void)
{
	struct utsname uts;
	char path[sizeof(uts.release) + 32];
	char line[PATH_MAX];
	bool found = false;
	FILE *file;

	uname(&uts);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", uts.release);
	file = fopen(path, "r");
	while (file && !found && fgets(line, sizeof(line), file)) {
		const char *name;

		line[strcspn(line, ":")] = '\0';
		name = strrchr(line, '/');
		found = name && !strncmp(name, "/exmap.ko", 9);
	}
	if (file)
		fclose(file);
	return found;
}

static void say_module(void)
{
	char version[64] = "";
	char *text;
	FILE *file = fopen("/sys/module/exmap/version", "r");

	if (file && fgets(version, sizeof(version), file))
		version[strcspn(version, "\n")] = '\0';
	if (file)
		fclose(file);
	if (!module_loaded()) {
		say("kernel module",
		    module_installed() ? "installed, not loaded" : "not installed");
		return;
	}
	if (asprintf(&text, "loaded%s%s", *version ? ", version " : "", version) < 0)
		return;
	say("kernel module", text);
	free(text);
}

static void say_udev_rule(void)
{
	static const char *const folders[] = { "/etc/udev/rules.d", "/run/udev/rules.d",
					       "/usr/lib/udev/rules.d", "/lib/udev/rules.d" };
	char path[64];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], UDEV_RULE);
		if (!access(path, F_OK)) {
			say("its udev rule", path);
			return;
		}
	}
	say("its udev rule", "no");
}

bool say_installed(void)
{
	char shim[PATH_MAX];
	bool found = find_shim(shim);

	say("exmap-run", EXMAP_VERSION);
	say("the emulator, libexmap-shim.so", found ? shim : "no");
	if (found)
		say_library(shim);
	say_tools();
	say_module();
	say_udev_rule();
	say("its device, " DEVICE, device_error() ? strerror(device_error()) : "yes");
	return found;
}

int device_error(void)
{
	return access(DEVICE, R_OK | W_OK) ? errno : 0;
}

void advise_module(void)
{
	if (device_error() == EACCES)
		puts("for the kernel module: join its group (sudo usermod -aG exmap \"$USER\") and log in "
		     "again; or use sudo");
	else if (device_error() && module_installed())
		puts("for the kernel module: sudo modprobe exmap");
	else if (device_error())
		puts("for the kernel module: install the package exmap-dkms, or in the sources sudo "
		     "scripts/install-kmod; then sudo modprobe exmap");
}
