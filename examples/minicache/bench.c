// SPDX-License-Identifier: MIT
/* bench.c - see bench.h */

#define _GNU_SOURCE
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "cache.h"
#include "crew.h"
#include "tree.h"

/* Words are added in ascending order: after a leaf is split, its lower half gets no more words. */
#define WORDS_PER_PAGE (TREE_FANOUT / 2)
/* Seconds of look-ups before the clock starts, in which all frames come into use. */
#define WARM_UP 0.5

/*
 * struct measurement - fields that the threads share. The counters of the last line are atomic; the other fields do not change
 * while the threads run.
 */
struct measurement {
	struct cache cache;
	uint64_t words;
	double start, seconds;
	uint64_t started, lookups, wrong, milliseconds;
};

/* Makes a word of a number, so that words sort as their numbers do. */
static struct word word_of(uint64_t number)
{
	struct word w = { .text = "word-" };

	for (int i = 0; i < 16; i++)
		w.text[5 + i] = "0123456789abcdef"[number >> (60 - 4 * i) & 15];
	return w;
}

static void add(uint64_t *counter, uint64_t n)
{
	__atomic_add_fetch(counter, n, __ATOMIC_RELAXED);
}

static void look_up(void *arg)
{
	struct measurement *m = arg;
	uint64_t n = __atomic_add_fetch(&m->started, 1, __ATOMIC_RELAXED);
	unsigned short seed[3] = { n, n >> 16, 1 };
	double elapsed;

	/* The clock and the shared counters cost time: only once for 100 look-ups. */
	do {
		uint64_t wrong = 0;

		for (int i = 0; i < 100; i++) {
			uint64_t number = nrand48(seed) % m->words;
			struct word w = word_of(number);

			wrong += tree_get(&m->cache, &w) != number + 1;
		}
		add(&m->lookups, 100);
		add(&m->wrong, wrong);
		elapsed = now() - m->start;
		__atomic_store_n(&m->milliseconds, (uint64_t)(elapsed * 1000), __ATOMIC_RELAXED);
	} while (elapsed < m->seconds);
}

static void measure(struct measurement *m, int threads, double seconds, const char *what)
{
	m->start = now();
	m->seconds = seconds;
	m->lookups = 0;
	m->cache.reads = 0;
	m->cache.evictions = 0;
	m->cache.restarts = 0;
	crew_run(threads, look_up, m, what, &m->milliseconds, seconds * 1000);
	m->seconds = now() - m->start;
}

static void fill(struct cache *c, int file, bool exmap, uint64_t frames, uint64_t words)
{
	cache_open(c, file, exmap, frames, 1);
	tree_create(c);
	for (uint64_t i = 0; i < words; i++) {
		struct word w = word_of(i);

		tree_add(c, &w, i + 1);
		if (i % 1024 == 0)
			progress("filling", i, words);
	}
	cache_close(c);
}

bool bench(int file, bool exmap, uint64_t pages, uint64_t frames, int threads, double seconds)
{
	struct measurement m = { .words = pages * WORDS_PER_PAGE };
	struct cache *c = &m.cache;

	fill(c, file, exmap, frames ? frames : pages / 4, m.words);
	cache_open(c, file, exmap, frames ? frames : c->nr_pages / 4, threads);
	measure(&m, threads, WARM_UP, "warming up");
	measure(&m, threads, seconds, "looking up");
	progress_end();
	printf("%.0f look-ups/s (%s, threads: %d, pages: %lu, frames: %lu, %.2f s, reads: %lu, "
	       "evictions: %lu, begun again: %lu, wrong: %lu)\n",
	       m.lookups / m.seconds, exmap ? "exmap" : "anon", threads, c->nr_pages, c->frames,
	       m.seconds, c->reads, c->evictions, c->restarts, m.wrong);
	cache_close(c);
	return !m.wrong;
}
