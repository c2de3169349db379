// SPDX-License-Identifier: MIT
/* cache.c - see cache.h */

#define _GNU_SOURCE
#include "cache.h"

#include <err.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>

/*
 * The word of a page: the state in bits 0-7, dirty in bit 8, the version in the bits above.
 *
 *	state      the page is                                    readers     writers
 *	EVICTED    not in memory                                  bring it    begin again
 *	UNLOCKED   in memory                                      go on       latch it
 *	MARKED     evicted when the clock's hand comes again,     unmark it   latch it
 *	           unless a reader comes first
 *	SHARED     written to the file by an evicting thread      go on       wait
 *	LOCKED     latched by one thread                          wait        begin again
 */
enum { EVICTED, UNLOCKED, MARKED, SHARED, LOCKED };

#define STATE 0xffUL
#define DIRTY 0x100UL
#define VERSION 0x200UL

/* Words that the clock's hand passes at a time: those in one cache line. */
#define STRIDE 8

/* Number of this thread, which is that of its exmap interface. */
static _Thread_local int my_number;
/* Where on_segv() jumps to when a page is evicted while this thread reads it. */
static _Thread_local sigjmp_buf my_restart;
static _Thread_local volatile sig_atomic_t my_restart_set;

static const struct memory *surface;

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/*
 * Orders what is read or written in a page with its word, for readers without a latch. x86-64 needs no
 * instruction for that, arm64 one. ThreadSanitizer knows no fences.
 */
static void fence(void)
{
#ifdef __SANITIZE_THREAD__
	__atomic_signal_fence(__ATOMIC_ACQ_REL);
#else
	__atomic_thread_fence(__ATOMIC_ACQ_REL);
#endif
}

/*
 * Set the state of a word that was read as @old. Returns false if the word has changed since. What the
 * caller then writes to the page is seen by nobody who still finds the old word.
 */
static bool change(uint64_t *word, uint64_t old, uint64_t state)
{
	bool changed = __atomic_compare_exchange_n(word, &old, (old & ~STATE) | state, false,
						   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);

	fence();
	return changed;
}

/* Set a word, with a new version. The caller holds the latch, so no other thread changes it. */
static void set(uint64_t *word, uint64_t old, uint64_t state, uint64_t dirty)
{
	uint64_t version = old / VERSION + 1;

	__atomic_store_n(word, version * VERSION | dirty | state, __ATOMIC_RELEASE);
}

static void count(uint64_t *counter, uint64_t n)
{
	__atomic_add_fetch(counter, n, __ATOMIC_RELAXED);
}

void cache_enter(int thread)
{
	my_number = thread;
}

static void on_segv(int sig, siginfo_t *info, void *context)
{
	uintptr_t offset = (uintptr_t)info->si_addr - (uintptr_t)surface->base;

	if (offset < surface->bytes && my_restart_set) {
		/* A return restores the signal mask, this jump does not: see cache_attempt(). */
		pthread_sigmask(SIG_SETMASK, &((ucontext_t *)context)->uc_sigmask, NULL);
		siglongjmp(my_restart, 1);
	}
	/* An ordinary bug: on return the fault is raised again, and ends the program. */
	signal(sig, SIG_DFL);
}

/*
 * After a jump, local variables that have changed since sigsetjmp() are indeterminate, so this
 * function has none. sigsetjmp(..., 0) does not save the signal mask, because that would cost a
 * system call in each attempt. Instead the handler restores the mask.
 */
void cache_attempt(struct cache *c, bool (*function)(void *arg), void *arg)
{
	for (;;) {
		if (!sigsetjmp(my_restart, 0)) {
			my_restart_set = 1;
			if (function(arg)) {
				my_restart_set = 0;
				return;
			}
		}
		count(&c->restarts, 1);
	}
}

/*
 * Latch up to a batch of marked pages, and mark unmarked ones on the way. The hand passes over
 * the words of all pages, also of those that are not in memory. For a file much larger than the
 * cache, a list of the pages in memory would be faster.
 */
static int choose(struct cache *c, uint64_t *victims)
{
	uint64_t nr_pages = load(&c->nr_pages);
	uint64_t nr = 0;

	for (uint64_t seen = 0; seen < 2 * nr_pages + STRIDE; seen += STRIDE) {
		uint64_t start = __atomic_fetch_add(&c->hand, STRIDE, __ATOMIC_RELAXED);

		for (uint64_t i = start; i < start + STRIDE; i++) {
			uint64_t *word = &c->words[i % nr_pages];
			uint64_t old = load(word);

			if (nr == c->batch)
				return nr;
			if ((old & STATE) == UNLOCKED)
				change(word, old, MARKED);
			else if ((old & STATE) == MARKED &&
				 change(word, old, old & DIRTY ? SHARED : LOCKED))
				victims[nr++] = i % nr_pages;
		}
	}
	return nr;
}

static void evict(struct cache *c)
{
	uint64_t victims[MEMORY_BATCH];
	int nr = choose(c, victims);

	for (int i = 0; i < nr; i++) {
		uint64_t *word = &c->words[victims[i]];
		uint64_t old = load(word);

		if ((old & STATE) != SHARED)
			continue;
		memory_write(&c->memory, victims[i]);
		count(&c->writes, 1);
		/* Only the thread that set a word to SHARED changes it. */
		change(word, old, LOCKED);
	}
	if (!nr) {
		/* All pages in memory are latched by other threads: let them run. */
		sched_yield();
		return;
	}
	c->memory.ops->free(&c->memory, my_number, victims, nr);
	for (int i = 0; i < nr; i++)
		set(&c->words[victims[i]], load(&c->words[victims[i]]), EVICTED, 0);
	__atomic_sub_fetch(&c->used, nr, __ATOMIC_RELEASE);
	count(&c->evictions, nr);
}

/* Count one more frame as used, after evicting if none is free: exmap would fail with ENOMEM. */
static void reserve_frame(struct cache *c)
{
	for (;;) {
		uint64_t used = load(&c->used);

		if (used == c->frames)
			evict(c);
		else if (__atomic_compare_exchange_n(&c->used, &used, used + 1, true,
						     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return;
	}
}

/* Read an evicted page into memory, unless another thread does: its word was @old. */
static void fault(struct cache *c, uint64_t page, uint64_t old)
{
	uint64_t *word = &c->words[page];

	/* Reserve before latching: a thread that evicts must not hold a latch of its reader. */
	reserve_frame(c);
	if (!change(word, old, LOCKED)) {
		__atomic_sub_fetch(&c->used, 1, __ATOMIC_RELEASE);
		return;
	}
	c->memory.ops->read(&c->memory, my_number, page);
	count(&c->reads, 1);
	set(word, old, UNLOCKED, 0);
}

uint64_t page_read(struct cache *c, uint64_t page)
{
	uint64_t *word = &c->words[page];

	for (;;) {
		uint64_t old = load(word);

		switch (old & STATE) {
		case UNLOCKED:
		case SHARED:
			return old / VERSION;
		case MARKED:
			change(word, old, UNLOCKED);
			break;
		case EVICTED:
			fault(c, page, old);
			break;
		case LOCKED:
			sched_yield();
			break;
		}
	}
}

bool page_unchanged(struct cache *c, uint64_t page, uint64_t version)
{
	uint64_t now;

	/* The page must have been read before its word is read here. */
	fence();
	now = load(&c->words[page]);
	return now / VERSION == version && (now & STATE) != LOCKED;
}

bool page_lock(struct cache *c, uint64_t page, uint64_t version)
{
	uint64_t *word = &c->words[page];

	for (;;) {
		uint64_t old = load(word);

		if (old / VERSION != version || (old & STATE) == LOCKED)
			return false;
		if ((old & STATE) == SHARED)
			sched_yield();
		else if (change(word, old, LOCKED))
			return true;
	}
}

uint64_t page_new(struct cache *c)
{
	uint64_t page;
	uint64_t *word;

	reserve_frame(c);
	page = __atomic_fetch_add(&c->nr_pages, 1, __ATOMIC_ACQ_REL);
	if (page >= CACHE_MAX_PAGES)
		errx(1, "more than %lu pages", CACHE_MAX_PAGES);
	word = &c->words[page];
	change(word, load(word), LOCKED);
	c->memory.ops->alloc(&c->memory, my_number, page);
	return page;
}

void page_unlock(struct cache *c, uint64_t page)
{
	set(&c->words[page], load(&c->words[page]), UNLOCKED, DIRTY);
}

void page_unlock_clean(struct cache *c, uint64_t page)
{
	uint64_t old = load(&c->words[page]);

	set(&c->words[page], old, UNLOCKED, old & DIRTY);
}

void cache_open(struct cache *c, int file, bool exmap, uint64_t frames, int threads)
{
	struct sigaction action = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO };
	struct stat st;

	memset(c, 0, sizeof(*c));
	if (fstat(file, &st))
		err(1, "fstat");
	if (frames < CACHE_MIN_FRAMES(threads))
		frames = CACHE_MIN_FRAMES(threads);
	c->nr_pages = st.st_size / PAGE_SIZE;
	c->frames = frames;
	c->batch = frames / (4 * threads) < MEMORY_BATCH ? frames / (4 * threads) : MEMORY_BATCH;
	c->words = mmap(NULL, CACHE_MAX_PAGES * sizeof(*c->words), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (c->words == MAP_FAILED)
		err(1, "mmap");
	if (exmap)
		memory_open_exmap(&c->memory, file, CACHE_MAX_PAGES, frames, threads);
	else
		memory_open_anon(&c->memory, file, CACHE_MAX_PAGES);
	surface = &c->memory;
	if (sigaction(SIGSEGV, &action, NULL))
		err(1, "sigaction");
}

void cache_close(struct cache *c)
{
	for (uint64_t page = 0; page < c->nr_pages; page++) {
		if (!(c->words[page] & DIRTY))
			continue;
		memory_write(&c->memory, page);
		c->writes++;
	}
	c->memory.ops->close(&c->memory);
	munmap(c->words, CACHE_MAX_PAGES * sizeof(*c->words));
}
