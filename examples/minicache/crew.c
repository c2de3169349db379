// SPDX-License-Identifier: MIT
/* crew.c - see crew.h */

#define _GNU_SOURCE
#include "crew.h"

#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cache.h"

struct member {
	pthread_t thread;
	int number;
	void (*work)(void *arg);
	void *arg;
};

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

void progress(const char *what, uint64_t done, uint64_t total)
{
	static double last;
	double t = now();
	double interval = isatty(STDOUT_FILENO) ? 0.1 : 2;

	if (!last)
		last = t - (isatty(STDOUT_FILENO) ? interval : 0);
	if (t - last < interval)
		return;
	last = t;
	printf(isatty(STDOUT_FILENO) ? "\r\033[K%s: %lu%%" : "%s: %lu%%\n", what,
	       total ? done * 100 / total : 100);
	fflush(stdout);
}

void progress_end(void)
{
	if (isatty(STDOUT_FILENO))
		printf("\r\033[K");
}

static void *member_main(void *arg)
{
	struct member *m = arg;

	cache_enter(m->number);
	m->work(m->arg);
	return NULL;
}

void crew_run(int threads, void (*work)(void *arg), void *arg, const char *what,
	      const uint64_t *done, uint64_t total)
{
	struct member *crew = calloc(threads, sizeof(*crew));

	if (!crew)
		err(1, NULL);
	for (int i = 0; i < threads; i++) {
		crew[i] = (struct member){ .number = i, .work = work, .arg = arg };
		errno = pthread_create(&crew[i].thread, NULL, member_main, &crew[i]);
		if (errno)
			err(1, "pthread_create");
	}
	for (int i = 0; i < threads; i++) {
		struct timespec until;

		do {
			progress(what, __atomic_load_n(done, __ATOMIC_RELAXED), total);
			clock_gettime(CLOCK_REALTIME, &until);
			until.tv_nsec += 100 * 1000 * 1000;
			until.tv_sec += until.tv_nsec / 1000000000;
			until.tv_nsec %= 1000000000;
		} while (pthread_timedjoin_np(crew[i].thread, NULL, &until) == ETIMEDOUT);
	}
	free(crew);
}
