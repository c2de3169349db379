/* SPDX-License-Identifier: MIT */
/*
 * bench.h - patterns of page use, and what can serve them
 *
 * One measurement runs in a process of its own: `exmap-bench` starts itself again for each
 * backend and repetition, under exmap-run where that is the backend. So nothing of one is left
 * for the next, and the module, the emulator and plain memory meet in one table.
 */
#ifndef EXMAP_BENCH_H
#define EXMAP_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096UL
#define MAX_BATCH 512
#define MAX_LISTS 16
#define MAX_THREADS 64
#define MAX_INTERFACES 256
#define MAX_REPEAT 64
#define MAX_RESULTS 1024

/**
 * enum pattern - what a thread does over and over, with pages of its own
 * @SCATTERED:  ALLOC, FREE of a batch of single pages, each somewhere else
 * @NEIGHBOURS: of a batch of single pages that are neighbours
 * @RUN:        of one vector of a batch of pages
 * @RUNS:       of vectors of some neighbours each (--run-length), each vector somewhere else
 * @HANDOVER:   as NEIGHBOURS, ALLOC by one interface and FREE by another
 * @STEAL:      as HANDOVER, with frames for three of four batches only: ENOMEM is no error,
 *              and what was mapped is freed
 * @PAGE_READ:  READ of single scattered pages one by one, then FREE of the batch
 * @BATCH_READ: READ of a batch of neighbours by one preadv(), then FREE
 * @SCAN:       FREE of the batch that came first once all frames are in use, ALLOC of the next
 *              neighbours: through the working set once at least, as one reads a table
 * @EMPTY:      ACTION of no vectors
 */
enum pattern {
	SCATTERED,
	NEIGHBOURS,
	RUN,
	RUNS,
	HANDOVER,
	STEAL,
	PAGE_READ,
	BATCH_READ,
	SCAN,
	EMPTY,
	NR_PATTERNS
};

extern const char *const pattern_names[NR_PATTERNS];

static inline bool pattern_reads(enum pattern pattern)
{
	return pattern == PAGE_READ || pattern == BATCH_READ;
}

/**
 * struct plan - one measurement
 * @pattern:   what
 * @threads:   how many do it
 * @batch:     pages (or preads) of one round
 * @touch:     whether each page is stored to
 * @unchecked: the file has no content to compare with (null_blk)
 * @run:       neighbours that come together
 * @pages:     each thread's working set
 * @surface:   pages that are mapped, over which the working sets are spread; 0: no more
 * @frames:    of the exmap; 0: as the pattern wants it
 * @interfaces: of the exmap, which each thread takes in turn; 0: two a thread, of which it
 *             keeps to one, or takes both where the pattern says so
 * @seconds:   how long
 * @file:      backing, for the READs; else NULL
 */
struct plan {
	enum pattern pattern;
	int threads;
	int batch;
	bool touch;
	bool unchecked;
	int run;
	size_t pages;
	size_t surface;
	size_t frames;
	int interfaces;
	double seconds;
	const char *file;
};

/** plan_frames() - how many the exmap has. */
size_t plan_frames(const struct plan *plan);

/** plan_vector() - pages of one vector. */
static inline int plan_vector(const struct plan *plan)
{
	return plan->pattern == RUN || plan->pattern == RUNS ? plan->run : 1;
}

/**
 * struct figures - what came of it
 * @ns_page:   of time for one page (EMPTY: one call), all threads together
 * @ipis_free: interrupts between CPUs, of the whole machine, for each FREE or what stands for
 *             it; NAN if not told
 * @setup_us:  until pages could be asked for
 * @setup_kib: of memory that became resident by that
 * @overhead_kib: that was resident at the end of a SCAN, beside the pages in use; else NAN
 */
struct figures {
	double ns_page;
	double ipis_free;
	double setup_us;
	double setup_kib;
	double overhead_kib;
};

/**
 * struct worker - a thread's own
 * @id:      thread
 * @plan:    what it does
 * @base:    of the memory
 * @first:   page of its own region
 * @page:    of the round, counted from @first; one of @lists
 * @lists:   chosen before, so that choosing is no part of what is measured
 * @got:     how many of them there are: all, but in STEAL
 * @turn:    rounds so far
 * @check:   warm-up: results are to be verified
 * @seed:    of its random numbers
 * @private: the backend's
 */
struct worker {
	int id;
	const struct plan *plan;
	char *base;
	uint64_t first;
	uint32_t *page;
	uint32_t lists[MAX_LISTS][MAX_BATCH];
	int got;
	uint64_t turn;
	bool check;
	unsigned int seed;
	void *private;
};

/**
 * struct backend - where pages come from
 * @name:   for people
 * @packed: a round's pages are at the start of the thread's region, one by one
 * @open:   for so many pages; false if this machine cannot
 * @begin:  a thread begins
 * @alloc:  the round's pages become accessible
 * @read:   and hold the file's content
 * @free:   and go again
 * @empty:  a call that does nothing
 * @close:  all threads have ended, and all pages have gone
 *
 * What a backend has no answer to is NULL.
 */
struct backend {
	const char *name;
	bool packed;
	bool (*open)(const struct plan *plan, size_t pages);
	void (*begin)(struct worker *w);
	void (*alloc)(struct worker *w);
	void (*read)(struct worker *w);
	void (*free)(struct worker *w);
	void (*empty)(struct worker *w);
	void (*close)(void);
};

extern const struct backend exmap_backend;
extern const struct backend anon_backend;
extern const struct backend anon_vectored_backend;
extern const struct backend file_backend;
extern const struct backend pread_backend;
extern const struct backend bare_copy_backend;
extern const struct backend bare_move_backend;
extern const struct backend bare_single_backend;

/** die() - end with what failed, and errno's word. */
_Noreturn void die(const char *what);

/** die_wrong() - end, because what was computed is wrong. */
_Noreturn void die_wrong(const struct worker *w, int i, const char *what);

/** measure() - carry a plan out. Return: false if the backend cannot. */
bool measure(const struct backend *backend, const struct plan *plan, struct figures *figures);

/** machine_cpu() - the processor's name. */
const char *machine_cpu(void);

/** machine_kernel() - its release. */
const char *machine_kernel(void);

/** machine_ipis() - interrupts that one CPU sent another, so far. Return: -1 if not told. */
double machine_ipis(void);

/** machine_resident_kib() - this process's resident memory, but for what is mapped from files. */
double machine_resident_kib(void);

/** file_open() - the plan's file. */
int file_open(const struct plan *plan, int flags);

/**
 * file_make() - have a file of so many pages
 * @path: one that is there, or NULL: make one, which goes by itself
 *
 * Return: the path by which children open it.
 */
const char *file_make(const char *path, size_t pages);

/**
 * struct result - one line of the report
 * @plan:    what was measured
 * @backend: on what
 * @n:       how many times
 * @figures: each time
 */
struct result {
	struct plan plan;
	const char *backend;
	int n;
	struct figures figures[MAX_REPEAT];
};

enum format { TABLE, CSV, JSON };

/**
 * struct options - the command line, as it is
 * @child: what this process is to measure, once, if it is a child
 */
struct options {
	const char *patterns;
	const char *threads;
	const char *batches;
	const char *touch;
	const char *runs;
	const char *pages;
	const char *surfaces;
	const char *frames;
	const char *interfaces;
	const char *backends;
	const char *set;
	const char *file;
	const char *child;
	bool unchecked;
	double seconds;
	int repeat;
	enum format format;
};

void options_parse(struct options *options, int argc, char **argv);

/** plans_make() - what the options ask for. Return: how many. */
int plans_make(const struct options *options, struct result *results);

/** child_be() - be the child, as child_run() ordered. Return: exit status. */
int child_be(const char *order);

/** child_run() - measure in a child. Return: false if the backend has no answer to the plan. */
bool child_run(const struct plan *plan, const char *backend, struct figures *figures);

/** child_who() - "the kernel module", "the emulator, strategy copy"; NULL if no exmap. */
const char *child_who(const char *backend);

void report(const struct result *results, int n, enum format format);

#endif /* EXMAP_BENCH_H */
