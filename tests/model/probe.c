// SPDX-License-Identifier: MIT
/*
 * probe.c - accesses that may fault; see probe.h
 */
#include "probe.h"

#include <err.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "tests/access.h"

static sigjmp_buf landing;
static volatile bool armed;
static volatile struct fault seen;

static void on_segv(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	if (!armed) {
		warnx("unexpected SIGSEGV (code %d) at %p", info->si_code, info->si_addr);
		_exit(1);
	}
	armed = false;
	seen.code = info->si_code;
	seen.addr = info->si_addr;
	siglongjmp(landing, 1);
}

void probe_init(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = on_segv;
	sa.sa_flags = SA_SIGINFO | SA_NODEFER;
	if (sigaction(SIGSEGV, &sa, NULL))
		err(1, "sigaction");
}

struct fault probe_load(const void *p)
{
	static volatile char sink __attribute__((unused));
	/* Restores the mask, because ThreadSanitizer runs handlers with all signals blocked. */
	if (sigsetjmp(landing, 1))
		return (struct fault){ seen.code, seen.addr };
	armed = true;
	/* In assembler, so that no sanitizer checks the address first. */
	sink = access_load(p); /* valgrind leaves out a load whose value is unused */
	armed = false;
	return (struct fault){ 0 };
}

struct fault probe_store(void *p, uint64_t word)
{
	if (sigsetjmp(landing, 1))
		return (struct fault){ seen.code, seen.addr };
	armed = true;
	access_store(p, word);
	armed = false;
	return (struct fault){ 0 };
}
