/* SPDX-License-Identifier: MIT */
/*
 * probe.h - is a page there? And files to read pages from.
 */
#ifndef TESTS_PROBE_H
#define TESTS_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** probe_init - install the SIGSEGV handler; a fault outside of probes is a failure. */
void probe_init(void);
/** probe_load - load a byte; false if that raised SIGSEGV (SEGV_MAPERR, exact address). */
bool probe_load(const void *p);

/** backing_create - O_DIRECT fd of an unlinked file with backing_word() everywhere. */
int backing_create(size_t bytes);
/** backing_word - the 8 bytes at byte @offset of it. */
uint64_t backing_word(size_t offset);

#endif
