/* SPDX-License-Identifier: MIT */
/*
 * bench.h - exmap-bench: patterns of page use, and the backends that serve them
 *
 * Each measurement runs in a process of its own: exmap-bench starts itself again for each
 * backend and repetition, and under exmap-run if the backend is a strategy of the emulator. So
 * no measurement inherits memory or caches of another, and one table compares the module, the
 * emulator and plain memory.
 */
#ifndef EXMAP_BENCH_H
#define EXMAP_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define PAGE 4096UL
#define MAX_BATCH 512
#define MAX_OBJECT 4096
#define MAX_EXTENTS 16
#define MAX_LISTS 16
#define MAX_THREADS 64
#define MAX_INTERFACES 256
#define MAX_REPEAT 64
#define MAX_RESULTS 1024

/**
 * enum pattern - what each thread does in a round, again and again, with pages of its own
 * @SCATTERED:  ALLOC, then FREE, a batch of single pages at random places
 * @NEIGHBOURS: ALLOC, then FREE, a batch of neighbouring pages, with one vector for each page
 * @RUN:        ALLOC, then FREE, a batch of neighbouring pages, with one vector for all
 * @RUNS:       ALLOC, then FREE, a batch of vectors of --run-length neighbours each, at random
 *              places
 * @HANDOVER:   as NEIGHBOURS, but ALLOC by one interface and FREE by another
 * @STEAL:      as HANDOVER, with frames for only three of four threads' batches. ENOMEM is no
 *              error; the pages that were allocated are freed.
 * @PAGE_READ:  READ single pages at random places, one call for each, then FREE the batch
 * @BATCH_READ: READ a batch of neighbouring pages by one preadv(), then FREE it
 * @SCAN:       ALLOC the next batch of neighbours, as one reads a table from its beginning to its
 *              end; once all frames are in use, FREE the oldest batch before. Goes through the
 *              working set once at least.
 * @SHADOW:     show an object of --batch pages, which is in extents of doubling size, as one range,
 *              by SHADOW, and end that by RM_SD. The objects of the working set take turns; their
 *              pages are allocated all the time
 * @EMPTY:      ACTION without vectors
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
	SHADOW,
	EMPTY,
	NR_PATTERNS
};

extern const char *const pattern_names[NR_PATTERNS];

static inline bool pattern_reads(enum pattern pattern)
{
	return pattern == PAGE_READ || pattern == BATCH_READ;
}

/**
 * struct plan - what one measurement does
 * @pattern:    what each thread does
 * @threads:    number of threads
 * @batch:      pages of one round
 * @touch:      store to each page after ALLOC
 * @unchecked:  do not compare pages with the file, which has no content (null_blk)
 * @run:        pages that are neighbours in each round; see run_of() in plans.c
 * @pages:      pages of each thread's working set, from which a round's pages are chosen
 * @surface:    pages of the surface, over which the working sets are spread; 0: just the sets
 * @frames:     frames of the exmap; 0: as many as plan_frames() finds fit for the pattern
 * @interfaces: interfaces of the exmap; a thread uses its share of them in turn. 0: two for each
 *              thread, which uses only one, or in HANDOVER and STEAL both
 * @seconds:    least duration of the measurement
 * @file:       the file that READs read; NULL for patterns without READ
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

/** plan_frames() - number of frames of the exmap. */
size_t plan_frames(const struct plan *plan);

/** plan_vector() - number of pages that one vector names. */
static inline int plan_vector(const struct plan *plan)
{
	return plan->pattern == RUN || plan->pattern == RUNS ? plan->run : 1;
}

/**
 * struct figures - the result of one measurement
 * @ns_page:      nanoseconds for each page (EMPTY: each call): time, by pages of all threads
 * @ipis_free:    interrupts between CPUs for each FREE, or the backend's counterpart to FREE, of
 *                the whole machine; NAN if the kernel does not tell
 * @setup_us:     microseconds that backend->open() took
 * @setup_kib:    KiB that became resident in backend->open()
 * @overhead_kib: KiB that were resident at the end of a SCAN beside the pages in use; NAN for
 *                other patterns
 */
struct figures {
	double ns_page;
	double ipis_free;
	double setup_us;
	double setup_kib;
	double overhead_kib;
};

/**
 * struct worker - the state of one thread; only that thread uses it
 * @id:      number of the thread, from 0 on
 * @plan:    the plan
 * @base:    address of page 0 of the surface; set by backend->begin()
 * @first:   first page of the thread's region
 * @target:  SHADOW: first page of where the thread's objects appear
 * @page:    pages of this round, counted from @first; one of @lists
 * @lists:   lists of pages, chosen before the clock starts so that choosing is not measured
 * @got:     number of pages of this round: the whole batch, but in STEAL as many as had frames
 * @turn:    number of rounds so far
 * @check:   this is a round of the warm-up whose results are to be verified
 * @seed:    state of the random number generator
 * @private: data of the backend
 */
struct worker {
	int id;
	const struct plan *plan;
	char *base;
	uint64_t first;
	uint64_t target;
	uint32_t *page;
	uint32_t lists[MAX_LISTS][MAX_BATCH];
	int got;
	uint64_t turn;
	bool check;
	unsigned int seed;
	void *private;
};

/** map_memory() - anonymous memory of @pages small pages, not touched yet; exits on an error. */
char *map_memory(size_t pages);

/** page_address() - the address of page @i of the round. */
static inline char *page_address(const struct worker *w, int i)
{
	return w->base + (w->first + w->page[i]) * PAGE;
}

/**
 * page_neighbours() - number of pages, from the round's page @i on, that are neighbours
 * @max: the most to count
 */
static inline int page_neighbours(const struct worker *w, int i, int max)
{
	int len = 1;

	while (len < max && i + len < w->got && w->page[i + len] == w->page[i] + len)
		len++;
	return len;
}

/**
 * struct backend - one way to get and give back pages
 * @name:   name on the command line and in reports
 * @packed: page i of a round is at page i of the thread's region, whatever worker.page says
 * @open:   prepare for a surface of @pages pages; false if this machine cannot
 * @begin:  called by each thread as it begins
 * @alloc:  make the round's pages accessible
 * @read:   make the round's pages accessible, with the file's content
 * @free:   give the round's pages back
 * @show:   show an object at the thread's target, and end that; see struct extent
 * @empty:  make a call that does nothing
 * @close:  called after all threads have ended and all pages were freed
 *
 * A function that a backend does not have is NULL; @close may always be. measure() then returns
 * false for the patterns that need it.
 */
struct backend {
	const char *name;
	bool packed;
	bool (*open)(const struct plan *plan, size_t pages);
	void (*begin)(struct worker *w);
	void (*alloc)(struct worker *w);
	void (*read)(struct worker *w);
	void (*free)(struct worker *w);
	void (*show)(struct worker *w);
	void (*empty)(struct worker *w);
	void (*close)(void);
};

/** struct extent - neighbouring pages of an object: the first one's number, and how many. */
struct extent {
	uint64_t page;
	int len;
};

/**
 * object_extents() - the extents of the object whose turn it is: 1, 2, 4 ... pages and the rest
 *
 * They lie in the surface one behind the other, from the last to the first.
 *
 * Return: number of extents, up to MAX_EXTENTS.
 */
int object_extents(const struct worker *w, struct extent *extent);

/** object_fill() - make the content of all objects of a thread known; their pages are mapped. */
void object_fill(const struct worker *w);

/** object_check() - exit if the pages at the thread's target are not the object. */
void object_check(const struct worker *w, const struct extent *extent, int n);

extern const struct backend exmap_backend;
extern const struct backend anon_backend;
extern const struct backend anon_vectored_backend;
extern const struct backend file_backend;
extern const struct backend pread_backend;
extern const struct backend bare_copy_backend;
extern const struct backend bare_move_backend;
extern const struct backend bare_single_backend;
extern const struct backend bare_guard_backend;
extern const struct backend bare_memcpy_backend;

/** die() - print @what failed, with errno's text, and exit with 1. */
_Noreturn void die(const char *what);

/** die_wrong() - say that page @i of the round is wrong, and exit with 1. */
_Noreturn void die_wrong(const struct worker *w, int i, const char *what);

/** measure() - carry a plan out, once in a process. Return: false if the backend cannot. */
bool measure(const struct backend *backend, const struct plan *plan, struct figures *figures);

/** machine_cpu() - the name of the CPU. */
const char *machine_cpu(void);

/** machine_kernel() - the release of the running kernel. */
const char *machine_kernel(void);

/** machine_ipis() - interrupts that CPUs have sent each other since boot; -1 if not told. */
double machine_ipis(void);

/** machine_resident_kib() - KiB of resident memory of this process, without mapped files. */
double machine_resident_kib(void);

/** file_open() - open the plan's file with open()'s @flags. Return: the fd; exits on an error. */
int file_open(const struct plan *plan, int flags);

/**
 * file_make() - provide a file for the READs
 * @path:  an existing file or block device; NULL to make a nameless file, which the kernel
 *         deletes when no process has it open any more
 * @pages: pages that it must have
 *
 * Return: the path by which children open it. Exits with a message if there is no such file.
 */
const char *file_make(const char *path, size_t pages);

/**
 * struct result - one line of the report: a plan on a backend
 * @plan:    what was measured
 * @backend: name of the backend
 * @n:       number of repetitions so far
 * @figures: the result of each repetition
 */
struct result {
	struct plan plan;
	const char *backend;
	int n;
	struct figures figures[MAX_REPEAT];
};

enum format { TABLE, CSV, JSON };

/**
 * struct options - the values of the command line's options; lists are not split yet
 * @child:            the order of child.c, if this process is a child; else NULL
 * @replay:           the trace to replay instead of patterns; else NULL
 * @trace_cost:       measure what a trace costs, and nothing else
 * @trace_cost_child: this process is a child of that
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
	const char *replay;
	bool trace_cost;
	bool trace_cost_child;
	bool unchecked;
	double seconds;
	int repeat;
	enum format format;
};

/** options_parse() - read the command line over the defaults; exits on an error. */
void options_parse(struct options *options, int argc, char **argv);

/** backend_is_here() - whether a backend can be used: exmap wants the device. */
bool backend_is_here(const char *backend);

/** plans_make() - fill @results with all plans that the options ask for. Return: their number. */
int plans_make(const struct options *options, struct result *results);

/** child_be() - in a child: measure what @order says, print the figures. Return: exit status. */
int child_be(const char *order);

/** child_run() - carry a plan out in a child. Return: false if the backend cannot. */
bool child_run(const struct plan *plan, const char *backend, struct figures *figures);

/**
 * child_who() - find out what serves a backend that is an exmap
 *
 * Return: "the kernel module", or "the emulator, strategy copy"; NULL if it is no exmap.
 */
const char *child_who(const char *backend);

/** child_start_cost() - start trace_cost_child() in a child, which writes trace @trace if not NULL. */
FILE *child_start_cost(const char *trace, pid_t *pid);

/** trace_cost() - measure what a trace costs, and print it. Return: exit status. */
int trace_cost(const struct options *options);

/** trace_cost_child() - in a child: time actions, print the figures. Return: exit status. */
int trace_cost_child(void);

/** child_start_replay() - start exmap-trace replay of @trace in a child, on @backend. */
FILE *child_start_replay(const char *trace, const char *backend, pid_t *pid);

/** replay() - time the replay of a trace on each backend, and print that. Return: exit status. */
int replay(const struct options *options);

/** report() - print the results. */
void report(const struct result *results, int n, enum format format);

#endif /* EXMAP_BENCH_H */
