// SPDX-License-Identifier: MIT
/* replay.c - see replay.h */

#define _GNU_SOURCE
#include "replay.h"

#include <errno.h>
#include <json-c/json.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compare.h"
#include "tools/relax.h"
#include "world.h"

/* Turns of a wait in which the thread keeps its CPU, and in which it gives it away. */
#define SPINS 100
#define YIELDS 1000

/**
 * struct runner - a thread of the replay
 * @thread:   the thread
 * @lane:     index of its lane
 * @outcomes: of its steps
 * @done:     number of steps that are done; atomic
 */
struct runner {
	pthread_t thread;
	uint32_t lane;
	struct outcome *outcomes;
	uint32_t done;
} __attribute__((aligned(64)));

static struct plan *plan;
static struct runner *runners;
static pthread_barrier_t barrier;
/* Whether steps wait for their recorded times, which count from this moment on. */
static bool timed;
static uint64_t begin;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void wait_a_little(unsigned int turn)
{
	struct timespec ts = { .tv_nsec = 50000 };

	if (turn < SPINS)
		processor_relax();
	else if (turn < YIELDS)
		sched_yield();
	else
		nanosleep(&ts, NULL);
}

static void wait_for_others(const struct step *step)
{
	for (uint32_t w = step->waits; w; w = plan->waits[w].next) {
		const struct wait *wait = &plan->waits[w];

		for (unsigned int turn = 0;
		     __atomic_load_n(&runners[wait->thread].done, __ATOMIC_ACQUIRE) < wait->steps;
		     turn++)
			wait_a_little(turn);
	}
}

static void wait_until(uint64_t ns)
{
	struct timespec ts = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

static void *run(void *arg)
{
	struct runner *runner = arg;
	const struct lane *lane = &plan->lanes[runner->lane];

	pthread_barrier_wait(&barrier);
	for (uint32_t i = 0; i < lane->nr; i++) {
		const struct step *step = &lane->steps[i];
		struct outcome *outcome = &runner->outcomes[i];

		if (timed)
			wait_until(begin + step->event->start);
		wait_for_others(step);
		outcome->start = now();
		world_do(step->event->in, outcome);
		outcome->end = now();
		__atomic_store_n(&runner->done, i + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void run_all(void)
{
	pthread_barrier_init(&barrier, NULL, plan->nr_lanes + 1);
	runners = need(aligned_alloc(64, (plan->nr_lanes + 1) * sizeof(*runners)));
	memset(runners, 0, plan->nr_lanes * sizeof(*runners));
	for (uint32_t i = 0; i < plan->nr_lanes; i++) {
		runners[i].lane = i;
		runners[i].outcomes = need(calloc(plan->lanes[i].nr + 1, sizeof(struct outcome)));
		errno = pthread_create(&runners[i].thread, NULL, run, &runners[i]);
		if (errno)
			die("%u threads: %s; raise ulimit -u", plan->nr_lanes, strerror(errno));
	}
	begin = now();
	pthread_barrier_wait(&barrier);
	for (uint32_t i = 0; i < plan->nr_lanes; i++)
		pthread_join(runners[i].thread, NULL);
}

/**
 * struct summary - what came of a replay
 * @calls:     number of calls
 * @pages:     pages that they mapped and unmapped
 * @skipped:   events that were not done again
 * @raced:     results that differ, as they may
 * @different: other results that differ
 * @ns:        from the first call's start to the last one's end
 * @recorded:  the same in the recording
 */
struct summary {
	uint64_t calls;
	uint64_t pages;
	uint64_t skipped;
	uint64_t raced;
	uint64_t different;
	uint64_t ns;
	uint64_t recorded;
};

/* From when to when. */
struct span {
	uint64_t start;
	uint64_t end;
};

static void widen(struct span *span, uint64_t start, uint64_t end)
{
	if (start < span->start)
		span->start = start;
	if (end > span->end)
		span->end = end;
}

static uint64_t length(const struct span *span)
{
	return span->end > span->start ? span->end - span->start : 0;
}

static void sum_up(struct summary *sum)
{
	struct span recorded = { UINT64_MAX, 0 }, replayed = recorded;

	*sum = (struct summary){ 0 };
	for (uint32_t i = 0; i < plan->nr_lanes; i++) {
		for (uint32_t j = 0; j < plan->lanes[i].nr; j++) {
			const struct step *step = &plan->lanes[i].steps[j];
			const struct outcome *outcome = &runners[i].outcomes[j];
			enum verdict verdict = compare_outcome(step, outcome);

			sum->skipped += outcome->skipped && is_call(step->event->in);
			sum->raced += verdict == RACED;
			sum->different += verdict == DIFFERENT;
			if (!is_call(step->event->in))
				continue;
			sum->calls++;
			sum->pages += call_of(step->event->in)->pages;
			widen(&recorded, step->event->start, step->event->end);
			widen(&replayed, outcome->start, outcome->end);
		}
	}
	sum->ns = length(&replayed);
	sum->recorded = length(&recorded);
}

static void print_json(const struct summary *sum)
{
	struct json_object *root = json_object_new_object();

	json_object_object_add(root, "threads", json_object_new_int64(plan->nr_lanes));
	json_object_object_add(root, "calls", json_object_new_int64(sum->calls));
	json_object_object_add(root, "pages", json_object_new_int64(sum->pages));
	json_object_object_add(root, "ns", json_object_new_int64(sum->ns));
	json_object_object_add(root, "recorded_ns", json_object_new_int64(sum->recorded));
	json_object_object_add(root, "different", json_object_new_int64(sum->different));
	json_object_object_add(root, "raced", json_object_new_int64(sum->raced));
	json_object_object_add(root, "skipped", json_object_new_int64(sum->skipped));
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
}

static void print_summary(const struct summary *sum, const char *output)
{
	printf("%llu calls of %u threads, %llu pages: %.6f s, recorded %.6f s; %.0f ns a call\n",
	       (unsigned long long)sum->calls, plan->nr_lanes, (unsigned long long)sum->pages,
	       sum->ns / 1e9, sum->recorded / 1e9, sum->calls ? (double)sum->ns / sum->calls : 0);
	if (sum->skipped)
		printf("calls not done, as the trace does not have what they need: %llu\n",
		       (unsigned long long)sum->skipped);
	if (sum->raced)
		printf("results that differ as they may, as their calls raced in the recording: "
		       "%llu\n",
		       (unsigned long long)sum->raced);
	if (sum->different)
		printf("results that differ: %llu%s\n", (unsigned long long)sum->different,
		       output ? "; exmap-trace diff shows them" :
				"; --output=FILE and exmap-trace diff show them");
	else
		printf("all%s results are as recorded\n",
		       sum->skipped || sum->raced ? " other" : "");
}

static void free_all(void)
{
	for (uint32_t i = 0; i < plan->nr_lanes; i++) {
		for (uint32_t j = 0; j < plan->lanes[i].nr; j++)
			free(runners[i].outcomes[j].words);
		free(runners[i].outcomes);
	}
	free(runners);
	plan_free(plan);
}

int replay(const struct trace *trace, const struct replay_options *options)
{
	struct outcome **outcomes;
	struct summary sum;

	plan = plan_of(trace, options->free);
	timed = options->timed;
	if (trace->dropped)
		complain("events that are missing in %s: %llu; results may differ for that",
			 trace->path, (unsigned long long)trace->dropped);
	world_start(trace, options->backing);
	run_all();
	sum_up(&sum);
	outcomes = need(calloc(plan->nr_lanes + 1, sizeof(*outcomes)));
	for (uint32_t i = 0; i < plan->nr_lanes; i++)
		outcomes[i] = runners[i].outcomes;
	if (options->output)
		outcomes_write(options->output, trace, plan, outcomes);
	if (options->json)
		print_json(&sum);
	else
		print_summary(&sum, options->output);
	free(outcomes);
	free_all();
	return sum.different ? EXIT_DIFFERENT : 0;
}
