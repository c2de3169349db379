/* SPDX-License-Identifier: MIT */
/*
 * cache.h - a buffer manager: file pages cached at fixed addresses
 *
 * Page i of the file is always at cache_page(c, i): a pointer is computed, not
 * looked up. What there is to know of a page is one 64-bit word: its state,
 * whether it must be written back, and a version that changes whenever its
 * content may have.
 *
 *			 page_read()	      page_new()
 *	     ┌─────────── EVICTED ───────────────┐
 *	     ▼ fault	     ▲			 ▼
 *	  LOCKED ────────────┼───────────────▶ LOCKED
 *	     │		     │ free, 64 at a time│ page_unlock()
 *	     ▼		     │			 ▼
 *	 UNLOCKED ◀── touched ── MARKED ── dirty: SHARED while written, LOCKED
 *	     └────── clock ─────────▲
 *
 * Readers take no latch (optimistic reads): they note the version, read, and
 * look whether the version is the same. Meanwhile the page may be changed or
 * evicted, so what they read may be nonsense, all zeroes or a SIGSEGV; nonsense
 * must not be used before page_unchanged() has said yes, and a SIGSEGV begins
 * cache_attempt()'s function again. Such reads race by design: functions that
 * make them are marked RACY, which hides them from ThreadSanitizer.
 */
#ifndef MINICACHE_CACHE_H
#define MINICACHE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"

#define RACY __attribute__((no_sanitize_thread))

/* Addresses, not memory: 16 GiB. */
#define CACHE_MAX_PAGES (1UL << 22)

/* A split holds three latches, and the batch of an evicting thread is latched too. */
#define CACHE_MIN_FRAMES(threads) (16UL * (threads))

/**
 * struct cache - one file and its frames
 * @memory:   the pages
 * @words:    one for each page; a word of zero is EVICTED
 * @nr_pages: pages of the file; grows
 * @frames:   pages that may be there at one time
 * @used:     pages that are, or are about to be
 * @batch:    pages to evict at a time
 * @hand:     of the clock: the next page to look at
 *
 * Words and counters are atomic.
 */
struct cache {
	struct memory memory;
	uint64_t *words;
	uint64_t nr_pages;
	uint64_t frames;
	uint64_t used;
	uint64_t batch;
	uint64_t hand;
	uint64_t reads, writes, evictions, restarts;
};

/**
 * cache_open() - cache @file, which may be empty
 * @exmap:   on exmap, else on anonymous memory
 * @threads: how many will use it
 */
void cache_open(struct cache *c, int file, bool exmap, uint64_t frames, int threads);

/* Write back what must be and give everything up; no other thread may use @c any more. */
void cache_close(struct cache *c);

/* The calling thread is number @thread from now on, and has that interface. */
void cache_enter(int thread);

static inline void *cache_page(struct cache *c, uint64_t page)
{
	return c->memory.base + page * PAGE_SIZE;
}

/**
 * cache_attempt() - run a function that reads optimistically
 * @function: does all its reading of pages itself; returns true when done, false
 *	      to begin again. It may be left at any page access, and begun again,
 *	      unless it holds a latch.
 */
void cache_attempt(struct cache *c, bool (*function)(void *arg), void *arg);

/* Have the page there, and begin to read it; returns its version. */
uint64_t page_read(struct cache *c, uint64_t page);

/* Is what has been read since that page_read() sound? */
bool page_unchanged(struct cache *c, uint64_t page, uint64_t version);

/* Latch the page for writing; false if it has changed since that page_read(). */
bool page_lock(struct cache *c, uint64_t page, uint64_t version);

/* A page at the end of the file, latched for writing, of any content. */
uint64_t page_new(struct cache *c);

/* Give up the latch of a page that has been written to. */
void page_unlock(struct cache *c, uint64_t page);

/* Give up the latch of a page that has not. */
void page_unlock_clean(struct cache *c, uint64_t page);

#endif /* MINICACHE_CACHE_H */
