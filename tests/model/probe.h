/* SPDX-License-Identifier: MIT */
/*
 * probe.h - accesses that may fault
 */
#ifndef TESTS_PROBE_H
#define TESTS_PROBE_H

#include <stdint.h>

/* The fault of an access, if it had one. */
struct fault {
	int code; /* si_code of the SIGSEGV, or 0 without one */
	const void *addr; /* si_addr, if there was one */
};

/** probe_init - install the SIGSEGV handler; a fault outside of probes ends the process. */
void probe_init(void);
/** probe_load - load the byte at @p. One thread at a time may call this or probe_store(). */
struct fault probe_load(const void *p);
/** probe_store - store @word at @p. */
struct fault probe_store(void *p, uint64_t word);

#endif
