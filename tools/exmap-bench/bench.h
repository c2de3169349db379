/* SPDX-License-Identifier: MIT */
/*
 * bench.h - patterns of page use, and what can serve them
 *
 * One measurement runs in a process of its own: `exmap-bench` starts itself again for each
 * backend and repetition, under exmap-run where that is the backend.
 */
#ifndef EXMAP_BENCH_H
#define EXMAP_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096UL
#define MAX_BATCH 512
#define MAX_THREADS 64
/* Each thread has its own pages, 64 MiB, so that scattered ones are far apart. */
#define REGION_PAGES 16384

/**
 * enum pattern - what a thread does over and over, with pages of its own
 * @SCATTERED:  ALLOC, FREE of a batch of single pages, each somewhere else
 * @NEIGHBOURS: of a batch of single pages that are neighbours
 * @RUN:        of one vector of a batch of pages
 * @HANDOVER:   as NEIGHBOURS, ALLOC by one interface and FREE by another
 * @STEAL:      as HANDOVER, with no more frames than one batch for each thread
 * @PAGE_READ:  READ of single pages one by one, then FREE of the batch
 * @BATCH_READ: READ of a batch of neighbours by one preadv(), then FREE
 * @EMPTY:      ACTION of no vectors
 */
enum pattern {
	SCATTERED,
	NEIGHBOURS,
	RUN,
	HANDOVER,
	STEAL,
	PAGE_READ,
	BATCH_READ,
	EMPTY,
	NR_PATTERNS
};

extern const char *const pattern_names[NR_PATTERNS];

/**
 * struct plan - one measurement
 * @pattern: what
 * @threads: how many do it
 * @batch:   pages (or preads) of one round
 * @touch:   whether each page is stored to
 * @seconds: how long
 * @file:    backing, for the READs
 */
struct plan {
	enum pattern pattern;
	int threads;
	int batch;
	bool touch;
	double seconds;
	const char *file;
};

/**
 * struct figures - what came of it
 * @pages: pages (EMPTY: calls) of all threads
 * @frees: FREE calls, or what stands for them
 * @ns:    of wall time
 * @ipis:  interrupts between CPUs meanwhile, of the whole machine; -1 if not told
 */
struct figures {
	uint64_t pages;
	uint64_t frees;
	double ns;
	double ipis;
};

/** struct worker - a thread's own; the backend may keep what it likes in @private. */
struct worker {
	int id;
	const struct plan *plan;
	char *base;
	uint64_t first; /* page of its own region */
	uint32_t page[MAX_BATCH]; /* of the round, counted from @first */
	unsigned int seed;
	void *private;
};

/**
 * struct backend - where pages come from
 * @name:  for people
 * @open:  for so many threads; NULL and a message on stderr if it cannot be had
 * @begin: a thread begins
 * @alloc: the round's pages become accessible
 * @read:  and hold the file's content
 * @free:  and go again
 * @empty: a call that does nothing
 *
 * What a backend has no answer to is NULL.
 */
struct backend {
	const char *name;
	bool (*open)(const struct plan *plan, size_t pages);
	void (*begin)(struct worker *w);
	void (*alloc)(struct worker *w);
	void (*read)(struct worker *w);
	void (*free)(struct worker *w);
	void (*empty)(struct worker *w);
};

extern const struct backend exmap_backend;
extern const struct backend anon_backend;
extern const struct backend anon_vectored_backend;
extern const struct backend file_backend;

/** measure() - carry a plan out. Return: false if the backend cannot. */
bool measure(const struct backend *backend, const struct plan *plan, struct figures *figures);

/** file_word() - what the file that --file makes has at the start of each page. */
static inline uint64_t file_word(uint64_t page)
{
	return (page + 1) * 0x9e3779b97f4a7c15ULL;
}

/* report.c */
struct result {
	struct plan plan;
	const char *backend;
	int n;
	double ns_page[64];
	double ipis_free[64];
};

enum format { TABLE, CSV, JSON };
void report(const struct result *results, int n, enum format format);

#endif /* EXMAP_BENCH_H */
