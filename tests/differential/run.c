// SPDX-License-Identifier: MIT
/*
 * run.c - the parent's side of a run, and streams made without a device; see run.h
 */
#include "run.h"
#include "child.h"

#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Seconds without progress, after which a run has hung. */
#define PATIENCE 60

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double patience(bool hasty)
{
	const char *scale = getenv("EXMAP_TEST_TIMEOUT_SCALE");
	double factor = scale ? atof(scale) : 1;

	return (hasty ? PATIENCE / 30 : PATIENCE) * (factor > 0 ? factor : 1);
}

static void wait_for(pid_t pid, double limit, struct outcome *o)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	double end = seconds() + limit;
	unsigned long seen = 0;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		unsigned long done = __atomic_load_n(&o->done, __ATOMIC_RELAXED);

		if (done != seen)
			end = seconds() + limit;
		seen = done;
		if (seconds() > end) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			o->ending = RUN_HANGS;
			snprintf(o->why, sizeof(o->why), "no progress for %g s", limit);
			return;
		}
		nanosleep(&nap, NULL);
	}
	if (WIFSIGNALED(status)) {
		o->ending = RUN_DIED;
		snprintf(o->why, sizeof(o->why), "died of SIG%s", sigabbrev_np(WTERMSIG(status)));
	} else if (WEXITSTATUS(status) && o->ending == RUN_OK) {
		o->ending = RUN_DIED;
		snprintf(o->why, sizeof(o->why), "ended with status %d", WEXITSTATUS(status));
	}
}

const struct outcome *run(const struct source *source, const struct extras *extras)
{
	static struct outcome *o;
	pid_t pid;

	if (!o) {
		o = mmap(NULL, sizeof(*o), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			 0);
		if (o == MAP_FAILED)
			err(1, "mmap");
	}
	memset(o, 0, sizeof(*o));
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid)
		child(source, extras, o);
	wait_for(pid, patience(extras->hasty), o);
	if (o->ending != RUN_OK)
		o->op = o->done;
	return o;
}

void regenerate(const struct source *source, unsigned long last, bool all, struct stream *s)
{
	static struct answer unused;
	struct world *w = world_new();
	struct op *op = op_new();
	struct generator g;

	generator_init(&g, source->seed, source->threads);
	for (unsigned long i = 0; i <= last; i++) {
		generate(&g, w, op);
		if (g.begins && !all)
			stream_clear(s);
		stream_add(s, op);
		do {
			world_do(w, op, &unused);
		} while (world_settle(w, op));
	}
	free(op);
	free(w);
}
