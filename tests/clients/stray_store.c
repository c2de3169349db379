// SPDX-License-Identifier: MIT
/*
 * stray_store.c - a client that stores in front of and behind what it has mapped
 *
 * Usage: stray_store [store] - with an argument: one store behind the surface, and no handler.
 *
 * Each store must be a SIGSEGV with the exact address, as a store to memory that is not mapped is,
 * and the exmap must work as before: a stray store never reaches what the emulator works by.
 */
#include "check.h"

#include <setjmp.h>
#include <signal.h>

#define PAGES 512
#define FRAMES 64
#define FURTHEST ((size_t)1 << 20)

static sigjmp_buf back;
static volatile uintptr_t fault_address;
static volatile int fault_code;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	fault_address = (uintptr_t)info->si_addr;
	fault_code = info->si_code;
	siglongjmp(back, 1);
}

/* Stores @len bytes from @start on, upwards. Return: the address that faulted, or 0. */
static uintptr_t store(unsigned char *start, size_t len)
{
	fault_address = 0;
	if (!sigsetjmp(back, 1)) {
		/* By a pointer that the compiler does not see through: no library's memset(). */
		volatile unsigned char *p = start;

		for (size_t i = 0; i < len; i++)
			p[i] = 0xff;
	}
	return fault_address;
}

/* Each distance on both sides, by single stores, and by stores that run on. */
static void stray(unsigned char *start, size_t len)
{
	static const size_t distances[] = { 1,	  2,	 8,	4095,	4096,	4097,
					    8192, 16384, 65536, 262144, 524288, FURTHEST };

	for (size_t i = 0; i < sizeof(distances) / sizeof(distances[0]); i++) {
		unsigned char *before = start - distances[i];
		unsigned char *behind = start + len + distances[i] - 1;

		CHECK(store(before, 1) == (uintptr_t)before && fault_code == SEGV_MAPERR);
		CHECK(store(behind, 1) == (uintptr_t)behind && fault_code == SEGV_MAPERR);
		/* What begins in the mapping has reached its end when it faults. */
		CHECK(store(start + len, distances[i]) == (uintptr_t)(start + len));
		CHECK(store(before, distances[i]) == (uintptr_t)before);
	}
}

/* Every frame can be had, holds what is stored there, and comes back. */
static void works(struct client *c)
{
	for (int i = 0; i < c->interfaces; i++) {
		CHECK(client_alloc(c, i, 0, FRAMES) == FRAMES);
		memset(c->mem, i + 1, FRAMES * PAGE);
		CHECK(c->mem[FRAMES * PAGE - 1] == i + 1);
		CHECK(client_mapped(c->fd) == FRAMES);
		CHECK(client_free(c, i, 0, FRAMES) == FRAMES);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action;
	struct client c;
	void *export;

	(void)argv;
	check_need(!client_open(&c, PAGES, FRAMES, 3, -1), "an exmap");
	if (argc > 1) {
		*(volatile unsigned char *)(c.mem + PAGES * PAGE + 5) = 1;
		CHECK(!"the store has killed the process");
		return check_done();
	}
	memset(&action, 0, sizeof(action));
	action.sa_sigaction = on_fault;
	action.sa_flags = SA_SIGINFO;
	check_need(!sigaction(SIGSEGV, &action, NULL), "sigaction()");

	works(&c);
	stray(c.mem, PAGES * PAGE);
	works(&c);
	for (int i = 0; i < c.interfaces; i++) {
		stray((unsigned char *)c.iface[i], PAGE);
		works(&c);
	}
	export = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, c.fd, EXMAP_OFF_PTEXPORT);
	check_need(export != MAP_FAILED, "an export");
	stray(export, PAGE);
	works(&c);

	/* Again in a second exmap, whose mappings the kernel may put beside those of the first. */
	CHECK(!munmap(export, PAGE));
	client_close(&c);
	check_need(!client_open(&c, 3, 3, 1, -1), "a small exmap");
	stray(c.mem, 3 * PAGE);
	stray((unsigned char *)c.iface[0], PAGE);
	CHECK(client_alloc(&c, 0, 0, 3) == 3);
	stray(c.mem, 3 * PAGE);
	CHECK(client_free(&c, 0, 0, 3) == 3);
	client_close(&c);
	return check_done();
}
