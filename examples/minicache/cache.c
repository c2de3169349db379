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
 * A word: the state in bits 0-7, dirty in bit 8, the version above.
 *
 * MARKED: evicted when the clock's hand comes again, unless a reader comes first
 * SHARED: written back by an evicting thread; readers do not mind, writers wait
 * LOCKED: one thread's own
 */
enum { EVICTED, UNLOCKED, MARKED, SHARED, LOCKED };

#define STATE 0xffUL
#define DIRTY 0x100UL
#define VERSION 0x200UL

/* Words that the hand passes in one go: a cache line. */
#define STRIDE 8

static _Thread_local int my_number;
/* Where to go on when a page vanishes from under a reader; see cache_attempt(). */
static _Thread_local sigjmp_buf my_restart;
static _Thread_local volatile sig_atomic_t my_restart_set;

static const struct memory *surface;

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* Set the state of a word that was seen as @old, unless somebody was faster. */
static bool change(uint64_t *word, uint64_t old, uint64_t state)
{
	return __atomic_compare_exchange_n(word, &old, (old & ~STATE) | state, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* The holder of a latch, so the only one who changes it, sets a word anew. */
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
		/* As a return from here would; see cache_attempt(). */
		pthread_sigmask(SIG_SETMASK, &((ucontext_t *)context)->uc_sigmask, NULL);
		siglongjmp(my_restart, 1);
	}
	/* An ordinary bug: die of it on return. */
	signal(sig, SIG_DFL);
}

/*
 * sigsetjmp() would leave doubt about local variables that change after it, so
 * this function has none. With a 0 it leaves the signal mask alone, or there
 * would be a system call in each attempt; the handler puts the mask right.
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
 * Latch up to a batch of marked pages, and mark others on the way. The hand
 * passes over all pages, there or not, which is one word for each; a file much
 * larger than the frames would want a list of those that are there.
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
		/* Nobody else can change a shared word. */
		change(word, old, LOCKED);
	}
	if (!nr) {
		/* All is latched by others, who will go on. */
		sched_yield();
		return;
	}
	c->memory.ops->free(&c->memory, my_number, victims, nr);
	for (int i = 0; i < nr; i++)
		set(&c->words[victims[i]], load(&c->words[victims[i]]), EVICTED, 0);
	__atomic_sub_fetch(&c->used, nr, __ATOMIC_RELEASE);
	count(&c->evictions, nr);
}

/* Get the right to one frame. exmap would say ENOMEM to more than there are. */
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

/* The page is not there, says @old; bring it, unless somebody was faster. */
static void fault(struct cache *c, uint64_t page, uint64_t old)
{
	uint64_t *word = &c->words[page];

	/* Before the latch, so that none is held while evicting for a reader. */
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

	/*
	 * The reads of the page come before this one: the compiler is told so
	 * here, and an x86 keeps its loads in order.
	 */
	__atomic_signal_fence(__ATOMIC_ACQUIRE);
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
