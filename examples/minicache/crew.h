/* SPDX-License-Identifier: MIT */
/* crew.h - threads that do one job together, and somebody who tells how far they are */
#ifndef MINICACHE_CREW_H
#define MINICACHE_CREW_H

#include <stdint.h>

/**
 * crew_run() - run @work(@arg) in @threads threads, cache_enter()ed as 0, 1, ...
 * @what:  what to say that they do
 * @done:  atomic counter that the threads advance ...
 * @total: ... up to this
 */
void crew_run(int threads, void (*work)(void *arg), void *arg, const char *what,
	      const uint64_t *done, uint64_t total);

/* One line that stays in its place on a terminal; elsewhere a line every 2 s. */
void progress(const char *what, uint64_t done, uint64_t total);

/* Wipe what progress() left, to print a line that stays. */
void progress_end(void);

double now(void);

#endif /* MINICACHE_CREW_H */
