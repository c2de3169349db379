// SPDX-License-Identifier: MIT
/* measure.c - runs a plan's threads in rounds, times them, and verifies what they compute */

#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Rounds of the warm-up whose results are verified. */
#define CHECKED_ROUNDS 3

const char *const pattern_names[NR_PATTERNS] = {
	"scattered", "neighbours", "run",  "runs",   "handover", "steal",
	"page-read", "batch-read", "scan", "shadow", "empty",
};

struct thread {
	pthread_t thread;
	struct worker worker;
	const struct backend *backend;
	double start;
	uint64_t pages;
	uint64_t frees;
	/* Copies for the main thread, which reads them while this thread runs; atomic. */
	uint64_t rounds_done;
	uint64_t pages_done;
};

static pthread_barrier_t barrier;
/* The threads are to end; atomic. */
static bool stop;
/* The file, opened without O_DIRECT, to compare pages with; -1 if there is none. */
static int truth = -1;

void die(const char *what)
{
	fprintf(stderr, "exmap-bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

void die_wrong(const struct worker *w, int i, const char *what)
{
	fprintf(stderr, "exmap-bench: wrong result: page %llu of %s, thread %d, %s\n",
		(unsigned long long)(w->first + w->page[i]), pattern_names[w->plan->pattern], w->id,
		what);
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

size_t plan_frames(const struct plan *plan)
{
	size_t batches = plan->threads * (size_t)plan->batch;

	if (plan->frames)
		return plan->frames;
	if (plan->pattern == SHADOW)
		return plan->threads * plan->pages;
	if (plan->pattern != STEAL)
		return 4 * batches;
	return plan->threads == 1 ? batches : batches * 3 / 4;
}

/*
 * Chooses the pages of a round: the working set is cut into as many equal parts as there are
 * runs, and each run begins at a random page of its part. So no page is chosen twice.
 */
static void choose_pages(struct worker *w, uint32_t *page)
{
	const struct plan *plan = w->plan;
	uint32_t stride = plan->pages / plan->batch * plan->run;
	uint32_t start = 0;

	for (int i = 0; i < plan->batch; i++) {
		if (i % plan->run == 0)
			start = i / plan->run * stride +
				rand_r(&w->seed) % (stride - plan->run + 1);
		page[i] = start + i % plan->run;
	}
}

/* Chooses batch number @turn of the working set; behind the last comes the first again. */
static void next_pages(struct worker *w, uint64_t turn)
{
	const struct plan *plan = w->plan;
	uint32_t start = turn % (plan->pages / plan->batch) * plan->batch;

	w->got = plan->batch;
	for (int i = 0; i < plan->batch; i++)
		w->page[i] = start + i;
}

/* Return: number of batches that a SCAN has allocated at one time. */
static uint64_t window(const struct plan *plan)
{
	uint64_t batches = plan_frames(plan) / plan->threads / plan->batch;

	return batches < plan->pages / plan->batch ? batches : plan->pages / plan->batch;
}

/* Return: rounds before the clock starts. A SCAN takes all its frames into use in them. */
static uint64_t warm_up(const struct plan *plan)
{
	uint64_t fill = plan->pattern == SCAN ? window(plan) : 0;

	return fill > CHECKED_ROUNDS ? fill : CHECKED_ROUNDS;
}

static char *at(const struct thread *t, int i)
{
	const struct worker *w = &t->worker;

	return w->base + (w->first + (t->backend->packed ? (uint32_t)i : w->page[i])) * PAGE;
}

static uint64_t mark(const struct worker *w, int i)
{
	return w->page[i] * 77 + w->id;
}

/* Exits if a page does not hold the file's content, or what this thread has stored to it. */
static void check(const struct thread *t)
{
	const struct worker *w = &t->worker;

	for (int i = 0; i < w->got; i++) {
		char content[PAGE];

		if (truth >= 0) {
			if (pread(truth, content, PAGE, (w->first + w->page[i]) * PAGE) !=
			    (ssize_t)PAGE)
				die("reading the file again");
			if (memcmp(at(t, i), content, PAGE))
				die_wrong(w, i, "does not hold the file's content");
		}
		*(volatile uint64_t *)at(t, i) = mark(w, i);
	}
	for (int i = 0; i < w->got; i++) {
		if (*(volatile uint64_t *)at(t, i) != mark(w, i))
			die_wrong(w, i, "lost what was stored");
	}
}

static void use_pages(struct thread *t)
{
	struct worker *w = &t->worker;

	if (w->check) {
		check(t);
	} else if (w->plan->touch) {
		for (int i = 0; i < w->got; i++)
			*(volatile char *)at(t, i) = 1;
	}
	t->pages += w->got;
}

static void scan_round(struct thread *t)
{
	struct worker *w = &t->worker;

	if (w->turn >= window(w->plan)) {
		next_pages(w, w->turn - window(w->plan));
		t->backend->free(w);
		t->frees++;
	}
	next_pages(w, w->turn);
	t->backend->alloc(w);
	use_pages(t);
}

static void one_round(struct thread *t)
{
	struct worker *w = &t->worker;

	if (w->plan->pattern == EMPTY) {
		for (int i = 0; i < w->plan->batch; i++)
			t->backend->empty(w);
		t->pages += w->plan->batch;
		return;
	}
	if (w->plan->pattern == SCAN) {
		scan_round(t);
		return;
	}
	if (w->plan->pattern == SHADOW) {
		t->backend->show(w);
		t->pages += w->plan->batch;
		return;
	}
	w->page = w->lists[w->turn % MAX_LISTS];
	w->got = w->plan->batch;
	if (pattern_reads(w->plan->pattern))
		t->backend->read(w);
	else
		t->backend->alloc(w);
	if (!w->got)
		return;
	use_pages(t);
	t->backend->free(w);
	t->frees++;
}

static void *work(void *arg)
{
	struct thread *t = arg;

	/* Objects have no list of pages, and may have more pages than one. */
	for (int i = 0; i < MAX_LISTS && t->worker.plan->pattern != SHADOW; i++)
		choose_pages(&t->worker, t->worker.lists[i]);
	t->worker.page = t->worker.lists[0];
	t->backend->begin(&t->worker);
	for (; t->worker.turn < warm_up(t->worker.plan); t->worker.turn++) {
		t->worker.check = t->worker.turn < CHECKED_ROUNDS;
		one_round(t);
	}
	t->worker.check = false;
	t->pages = t->frees = 0;
	pthread_barrier_wait(&barrier);
	t->start = now();
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		one_round(t);
		t->worker.turn++;
		__atomic_store_n(&t->pages_done, t->pages, __ATOMIC_RELAXED);
		__atomic_store_n(&t->rounds_done, t->worker.turn, __ATOMIC_RELEASE);
	}
	return NULL;
}

static size_t surface_pages(const struct plan *plan)
{
	size_t used = plan->pages * plan->threads;

	return plan->surface > used ? plan->surface : used;
}

static void start_threads(struct thread *threads, const struct backend *backend,
			  const struct plan *plan)
{
	pthread_barrier_init(&barrier, NULL, plan->threads + 1);
	for (int i = 0; i < plan->threads; i++) {
		threads[i].backend = backend;
		threads[i].worker = (struct worker){
			.id = i,
			.plan = plan,
			.first = surface_pages(plan) / plan->threads * i,
			.target = surface_pages(plan) + (size_t)plan->batch * i,
			.seed = i + 1,
		};
		errno = pthread_create(&threads[i].thread, NULL, work, &threads[i]);
		if (errno)
			die("pthread_create");
	}
}

/* Frees the batches that a SCAN has allocated at its end. */
static void free_window(struct thread *t)
{
	struct worker *w = &t->worker;
	uint64_t all = window(w->plan);

	for (uint64_t i = w->turn > all ? w->turn - all : 0; i < w->turn; i++) {
		next_pages(w, i);
		t->backend->free(w);
	}
}

static double overhead_kib(const struct thread *threads, const struct plan *plan, double before)
{
	uint64_t used = 0;

	for (int i = 0; i < plan->threads; i++) {
		uint64_t turn = threads[i].worker.turn;

		used += (turn < window(plan) ? turn : window(plan)) * plan->batch;
	}
	return machine_resident_kib() - before - used * PAGE / 1024.0;
}

/* Whether a thread has done one round, or in a SCAN the whole working set, since its warm-up. */
static bool is_enough(const struct thread *t)
{
	const struct plan *plan = t->worker.plan;
	uint64_t least = plan->pattern == SCAN ? plan->pages / plan->batch : 1;

	return __atomic_load_n(&t->rounds_done, __ATOMIC_ACQUIRE) >= warm_up(plan) + least;
}

/*
 * Return: nanoseconds for each page: the time since the first thread began, by the pages of all
 * threads. Not the mean of the threads' own times: with more threads than CPUs some have not
 * begun, or wait in the middle of a round, while others run.
 */
static double time_of_page(const struct thread *threads, const struct plan *plan)
{
	double start = threads[0].start, end = now();
	uint64_t pages = 0;

	for (int i = 0; i < plan->threads; i++) {
		pages += __atomic_load_n(&threads[i].pages_done, __ATOMIC_RELAXED);
		if (threads[i].start < start)
			start = threads[i].start;
	}
	return (end - start) / pages;
}

static void run_threads(struct thread *threads, const struct plan *plan, struct figures *f)
{
	double before, frees = 0;

	pthread_barrier_wait(&barrier);
	before = machine_ipis();
	usleep(plan->seconds * 1e6);
	for (int i = 0; i < plan->threads; i++) {
		while (!is_enough(&threads[i]))
			usleep(1000);
	}
	f->ns_page = time_of_page(threads, plan);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < plan->threads; i++) {
		pthread_join(threads[i].thread, NULL);
		frees += threads[i].frees;
	}
	f->ipis_free = before < 0 || !frees ? NAN : (machine_ipis() - before) / frees;
}

static bool can(const struct backend *backend, const struct plan *plan)
{
	if (plan->pattern == EMPTY)
		return backend->empty;
	if (plan->pattern == SHADOW)
		return backend->show;
	return pattern_reads(plan->pattern) ? backend->read : backend->alloc;
}

bool measure(const struct backend *backend, const struct plan *plan, struct figures *f)
{
	static struct thread threads[MAX_THREADS];
	double start, before;
	size_t pages;

	if (!can(backend, plan))
		return false;
	/* The first call makes memory of libc's resident, which must not count. */
	machine_resident_kib();
	before = machine_resident_kib();
	start = now();
	pages = surface_pages(plan);
	if (plan->pattern == SHADOW)
		pages += (size_t)plan->threads * plan->batch;
	if (!backend->open(plan, pages))
		return false;
	f->setup_us = (now() - start) / 1000;
	f->setup_kib = machine_resident_kib() - before;
	f->overhead_kib = NAN;
	if (plan->file && !plan->unchecked)
		truth = file_open(plan, O_RDONLY);
	start_threads(threads, backend, plan);
	run_threads(threads, plan, f);
	if (plan->pattern == SCAN) {
		f->overhead_kib = overhead_kib(threads, plan, before);
		for (int i = 0; i < plan->threads; i++)
			free_window(&threads[i]);
	}
	if (backend->close)
		backend->close();
	return isfinite(f->ns_page);
}
