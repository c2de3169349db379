/* SPDX-License-Identifier: MIT */
/* crew.h - run threads that share one job, and print how far they are */
#ifndef MINICACHE_CREW_H
#define MINICACHE_CREW_H

#include <stdint.h>

/**
 * crew_run() - run work(arg) in several threads, and wait for them
 * @threads: number of threads; each calls cache_enter() with its own number first
 * @work:    what each of them does
 * @arg:     its argument
 * @what:    name of the job, to print
 * @done:    atomic counter that the threads increase
 * @total:   what the counter is at the end
 */
void crew_run(int threads, void (*work)(void *arg), void *arg, const char *what,
	      const uint64_t *done, uint64_t total);

/* Print how far a job is: on a terminal in one line that is overwritten, else every 2 seconds. */
void progress(const char *what, uint64_t done, uint64_t total);

/* Wipe the line of progress(), before another line is printed. */
void progress_end(void);

/* Seconds by the monotonic clock. */
double now(void);

#endif /* MINICACHE_CREW_H */
