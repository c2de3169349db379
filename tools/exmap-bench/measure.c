// SPDX-License-Identifier: MIT
/* measure.c - threads, rounds, the clock, and whether what was measured was right */

#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP_ROUNDS 3

const char *const pattern_names[NR_PATTERNS] = {
	"scattered", "neighbours", "run", "handover", "steal", "page-read", "batch-read", "empty",
};

struct thread {
	pthread_t thread;
	struct worker worker;
	const struct backend *backend;
	double ns;
	uint64_t pages;
	uint64_t frees;
};

static pthread_barrier_t barrier;
static bool stop;
/* What the file has, read without O_DIRECT or whatever is being measured; or -1. */
static int truth = -1;

void die(const char *what)
{
	fprintf(stderr, "exmap-bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

void die_wrong(const struct worker *w, int i, const char *what)
{
	fprintf(stderr, "exmap-bench: wrong: page %llu of %s, thread %d, %s\n",
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

static double sum_of(const char *numbers)
{
	double sum = 0, number;
	int used;

	for (; sscanf(numbers, " %lf%n", &number, &used) == 1; numbers += used)
		sum += number;
	return sum;
}

/* Interrupts that one CPU sent another: TLB shootdowns and function calls. -1 if not told. */
static double ipis(void)
{
	FILE *file = fopen("/proc/interrupts", "r");
	size_t size = 0;
	char *line = NULL;
	double sum = -1;

	while (file && getline(&line, &size, file) > 0) {
		const char *name = line + strspn(line, " ");

		if (!strncmp(name, "TLB:", 4) || !strncmp(name, "CAL:", 4))
			sum = (sum < 0 ? 0 : sum) + sum_of(name + 4);
	}
	free(line);
	if (file)
		fclose(file);
	return sum;
}

static void choose_pages(struct worker *w)
{
	const struct plan *plan = w->plan;
	uint32_t stride = plan->pages / plan->batch;
	uint32_t start = rand_r(&w->seed) % (plan->pages - plan->batch + 1);
	bool scattered = plan->pattern == SCATTERED || plan->pattern == PAGE_READ;

	w->got = plan->batch;
	for (int i = 0; i < plan->batch; i++)
		w->page[i] = scattered ? i * stride + rand_r(&w->seed) % stride : start + i;
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

/* A benchmark that computes wrong things is worth nothing. */
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

static void one_round(struct thread *t)
{
	struct worker *w = &t->worker;

	if (w->plan->pattern == EMPTY) {
		for (int i = 0; i < w->plan->batch; i++)
			t->backend->empty(w);
		t->pages += w->plan->batch;
		return;
	}
	choose_pages(w);
	if (pattern_reads(w->plan->pattern))
		t->backend->read(w);
	else
		t->backend->alloc(w);
	if (!w->got)
		return;
	if (w->check) {
		check(t);
	} else if (w->plan->touch) {
		for (int i = 0; i < w->got; i++)
			*(volatile char *)at(t, i) = 1;
	}
	t->backend->free(w);
	t->pages += w->got;
	t->frees++;
}

static void *work(void *arg)
{
	struct thread *t = arg;
	double start;

	t->backend->begin(&t->worker);
	t->worker.check = true;
	for (int i = 0; i < WARM_UP_ROUNDS; i++)
		one_round(t);
	t->worker.check = false;
	t->pages = t->frees = 0;
	pthread_barrier_wait(&barrier);
	start = now();
	/* One round at least, however slow the machine. */
	do {
		one_round(t);
	} while (!__atomic_load_n(&stop, __ATOMIC_RELAXED));
	t->ns = now() - start;
	return NULL;
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
			.first = (uint64_t)i * plan->pages,
			.seed = i + 1,
		};
		errno = pthread_create(&threads[i].thread, NULL, work, &threads[i]);
		if (errno)
			die("pthread_create");
	}
}

bool measure(const struct backend *backend, const struct plan *plan, struct figures *figures)
{
	static struct thread threads[MAX_THREADS];
	double before, pages_ns = 0, frees = 0;

	if (plan->pattern == EMPTY	 ? !backend->empty :
	    pattern_reads(plan->pattern) ? !backend->read :
					   !backend->alloc)
		return false;
	if (!backend->open(plan, plan->pages * plan->threads))
		return false;
	if (plan->file && !plan->unchecked)
		truth = file_open(plan, O_RDONLY);
	start_threads(threads, backend, plan);
	pthread_barrier_wait(&barrier);
	before = ipis();
	usleep(plan->seconds * 1e6);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	/* Each by its own clock: the last round of one may end when others have long stopped. */
	for (int i = 0; i < plan->threads; i++) {
		pthread_join(threads[i].thread, NULL);
		pages_ns += threads[i].pages / threads[i].ns;
		frees += threads[i].frees;
	}
	figures->ipis_free = before < 0 || !frees ? -1 : (ipis() - before) / frees;
	figures->ns_page = 1 / pages_ns;
	if (backend->close)
		backend->close();
	return pages_ns > 0;
}
