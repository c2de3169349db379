// SPDX-License-Identifier: MIT
/* dlopen_plugin - a storage engine as a plugin: the exmap client of dlopen_client */
#include <signal.h>
#include <setjmp.h>

#include "check.h"

unsigned int plugin_run(void);

static sigjmp_buf escape;

static void on_fault(int signum)
{
	siglongjmp(escape, signum);
}

/*
 * One life of the plugin: it has an exmap and a handler, and both are gone at the end.
 * Returns the number of failed checks.
 */
unsigned int plugin_run(void)
{
	struct sigaction sa, old;
	struct client pool;
	volatile int faults = 0;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_fault;
	check_failed = 0;
	if (!CHECK(client_open(&pool, 512, 64, 2, -1) == 0))
		return check_failed;
	CHECK(sigaction(SIGSEGV, &sa, &old) == 0);
	CHECK(client_alloc(&pool, 0, 100, 64) == 64);
	for (i = 100; i < 164; i++)
		memset(pool.mem + i * PAGE, (int)i, PAGE);
	for (i = 100; i < 164; i++)
		if (pool.mem[i * PAGE + PAGE - 1] != (unsigned char)i)
			break;
	CHECK(i == 164);
	CHECK(client_free(&pool, 1, 100, 64) == 64);
	if (sigsetjmp(escape, 1) == 0)
		(void)*(volatile unsigned char *)(pool.mem + 100 * PAGE);
	else
		faults++;
	CHECK(faults == 1);
	client_close(&pool);
	CHECK(sigaction(SIGSEGV, &old, NULL) == 0);
	return check_failed;
}
