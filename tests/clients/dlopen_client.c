// SPDX-License-Identifier: MIT
/*
 * dlopen_client - a program without exmap that loads a plugin which uses it
 *
 * Nothing that the plugin calls is bound when the program starts. After dlclose() no address
 * inside the plugin may be used, its signal handler's included.
 */
#include <dlfcn.h>
#include <signal.h>

#include "check.h"

static unsigned int load_and_run(const char *path, int flags)
{
	void *handle = dlopen(path, flags);
	unsigned int (*run)(void);
	unsigned int failed;

	if (!handle) {
		fprintf(stderr, "%s\n", dlerror());
		return 1000;
	}
	*(void **)&run = dlsym(handle, "plugin_run");
	failed = run ? run() : 1001;
	dlclose(handle);
	return failed;
}

int main(int argc, char **argv)
{
	char path[4096], self[4000], *slash;
	struct sigaction before, now;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	void *handle;
	int i;

	(void)argc;
	check_need(len > 0, argv[0]);
	self[len] = '\0';
	slash = strrchr(self, '/');
	check_need(slash != NULL, "directory of the program");
	*slash = '\0';
	snprintf(path, sizeof(path), "%s/dlopen_plugin.so", self);
	CHECK(sigaction(SIGSEGV, NULL, &before) == 0);
	for (i = 0; i < 5; i++) {
		CHECK(load_and_run(path, RTLD_NOW | RTLD_LOCAL) == 0);
		CHECK(load_and_run(path, RTLD_LAZY | RTLD_GLOBAL) == 0);
	}
	CHECK(sigaction(SIGSEGV, NULL, &now) == 0);
	CHECK(now.sa_handler == before.sa_handler);

	/* It is unloaded: neither the emulator nor anybody else has kept it. */
	handle = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
	CHECK(handle == NULL);
	return check_done();
}
