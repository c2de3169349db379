// SPDX-License-Identifier: MIT
/*
 * child.c - the child's side of a run: threads that take turns; see child.h
 */
#include "child.h"
#include "execute.h"

#include <err.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

/* The thread whose semaphore is up executes the operation below. Number 0 is the main thread. */
static sem_t turn[MAX_THREADS], back;
static const struct op *current;
static struct answer want, got;

static void *worker(void *number)
{
	for (;;) {
		while (sem_wait(&turn[(uintptr_t)number]))
			;
		execute(current, &got);
		sem_post(&back);
	}
	return NULL;
}

static void start_threads(void)
{
	sem_init(&back, 0, 0);
	for (uintptr_t i = 1; i < MAX_THREADS; i++) {
		pthread_t thread;

		sem_init(&turn[i], 0, 0);
		if (pthread_create(&thread, NULL, worker, (void *)i))
			errx(1, "cannot create a thread");
	}
}

static void execute_in_turn(const struct op *op)
{
	if (!op->thread) {
		execute(op, &got);
		return;
	}
	current = op;
	sem_post(&turn[op->thread]);
	while (sem_wait(&back))
		;
}

__attribute__((noreturn)) static void give_up(struct outcome *o)
{
	o->ending = RUN_DIFFERS;
	/* No clean-up: after a difference nothing in this process can be trusted. */
	_exit(1);
}

static void trace_op(FILE *trace, const struct op *op, unsigned long number, bool settles)
{
	fprintf(trace, settles ? "  settle: " : "%lu: ", number);
	op_print(op, trace);
	fflush(trace);
}

/* Does the operation, and then those that must settle it. */
static void do_op(struct world *w, struct op *op, const struct extras *extras, struct outcome *o)
{
	uint64_t hash = 0;
	bool settles = false;
	const char *wrong;

	do {
		int n = settles ? snprintf(o->why, sizeof(o->why),
					   "when settling, %s: ", op_name(op->kind)) :
				  0;

		if (extras->trace)
			trace_op(extras->trace, op, o->done, settles);
		world_do(w, op, &want);
		execute_in_turn(op);
		if (extras->trace)
			answer_print(&got, extras->trace);
		if (answer_differs(op, &want, &got, &hash, o->why + n, sizeof(o->why) - (size_t)n))
			give_up(o);
		settles = true;
	} while (world_settle(w, op));
	wrong = transcript_add(hash);
	if (wrong) {
		snprintf(o->why, sizeof(o->why), "%s", wrong);
		give_up(o);
	}
	__atomic_store_n(&o->done, o->done + 1, __ATOMIC_RELAXED);
}

static void run_stream(struct world *w, const struct stream *s, const struct extras *extras,
		       struct outcome *o)
{
	struct op *scratch = op_new();

	for (size_t i = 0; i < s->n; i++) {
		op_assign(scratch, s->op[i]);
		o->counts[scratch->kind]++;
		do_op(w, scratch, extras, o);
	}
}

static void run_generator(struct world *w, const struct source *source, const struct extras *extras,
			  struct outcome *o)
{
	struct op *op = op_new();
	struct generator g;

	generator_init(&g, source->seed, source->threads);
	while (o->done < source->ops) {
		generate(&g, w, op);
		o->counts[op->kind]++;
		do_op(w, op, extras, o);
	}
}

void child(const struct source *source, const struct extras *extras, struct outcome *o)
{
	struct world *w = world_new();
	const char *wrong;
	char header[128];

	execute_init();
	w->may_export = execute_may_export();
	w->shares = execute_shares();
	start_threads();
	if (source->stream)
		snprintf(header, sizeof(header), "# replay, %zu operations\n", source->stream->n);
	else
		snprintf(header, sizeof(header), "# seed %#llx, %u threads, %lu operations\n",
			 (unsigned long long)source->seed, source->threads, source->ops);
	transcript_begin(extras, header);
	if (source->stream)
		run_stream(w, source->stream, extras, o);
	else
		run_generator(w, source, extras, o);
	wrong = transcript_end();
	if (wrong) {
		snprintf(o->why, sizeof(o->why), "%s", wrong);
		give_up(o);
	}
	o->out_of_frames = w->out_of_frames;
	o->partial = w->partial;
	o->outside = w->outside;
	o->faults = w->faults;
	o->short_reads = w->short_reads;
	exit(0);
}
