/* SPDX-License-Identifier: MIT */
/*
 * cache.h - a buffer manager: file pages cached at fixed addresses
 *
 * Page i of the file is always at cache_page(c, i): a pointer is computed, not looked up. One
 * 64-bit word for each page holds its state, whether it must be written back, and a version,
 * which changes whenever the content may have changed.
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
 * Readers take no latch (optimistic reads). A reader notes the version, reads the page, and checks
 * that the version is the same. Meanwhile another thread may change or evict the page. Then the
 * reader gets garbage, zeroes or a SIGSEGV. So it must not use what it has read before
 * page_unchanged() returns true; and after a SIGSEGV cache_attempt() calls its function again.
 * Optimistic reads are data races by design. Functions that make them are marked RACY, which hides them
 * from ThreadSanitizer.
 */
#ifndef MINICACHE_CACHE_H
#define MINICACHE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "memory.h"

#define RACY __attribute__((no_sanitize_thread))

/* Pages of a file at most. The surface is 16 GiB of address space, not of memory. */
#define CACHE_MAX_PAGES (1UL << 22)

/*
 * Frames that a cache has at least. A thread that splits a node holds three latches, and one that
 * evicts holds those of its batch; with fewer frames, all could be latched at once.
 */
#define CACHE_MIN_FRAMES(threads) (16UL * (threads))

/**
 * struct cache - one file and its frames
 * @memory:   where the pages are; constant
 * @words:    the word of each page; 0 means EVICTED; atomic
 * @nr_pages: pages of the file, to which page_new() adds; atomic
 * @frames:   pages that may be in memory at one time; constant
 * @used:     pages that are in memory, or for which a frame is reserved; atomic
 * @batch:    pages to evict at a time; constant
 * @hand:     the clock's hand: number of the next page to look at; atomic
 *
 * The other counters are atomic, and for people.
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
 * cache_open() - open a cache of a file
 * @c:       the cache
 * @file:    open for reading and writing, with O_DIRECT; may be empty
 * @exmap:   cache on exmap, else on anonymous memory
 * @frames:  pages cached at one time; at least CACHE_MIN_FRAMES
 * @threads: number of threads that will use the cache
 */
void cache_open(struct cache *c, int file, bool exmap, uint64_t frames, int threads);

/* Write all dirty pages back and free everything; no other thread may use @c any more. */
void cache_close(struct cache *c);

/* Give the calling thread a number, from 0 on, which is also that of its exmap interface. */
void cache_enter(int thread);

static inline void *cache_page(struct cache *c, uint64_t page)
{
	return c->memory.base + page * PAGE_SIZE;
}

/**
 * cache_attempt() - run a function that reads optimistically
 * @function: returns true when it is done, false to be called again. It may be left by a jump at
 *	      each access to a page of which it has no latch, and is called again then.
 */
void cache_attempt(struct cache *c, bool (*function)(void *arg), void *arg);

/* Bring the page into memory if it is not there, and begin to read it. Returns its version. */
uint64_t page_read(struct cache *c, uint64_t page);

/* Whether the page is as it was at the page_read() that returned @version. */
bool page_unchanged(struct cache *c, uint64_t page, uint64_t version);

/* Latch the page for writing. Returns false if it has changed since that page_read(). */
bool page_lock(struct cache *c, uint64_t page, uint64_t version);

/* Add a page to the end of the file. It is latched for writing, and its content is arbitrary. */
uint64_t page_new(struct cache *c);

/* Release the latch of a page that was written to. */
void page_unlock(struct cache *c, uint64_t page);

/* Release the latch of a page that was not written to. */
void page_unlock_clean(struct cache *c, uint64_t page);

#endif /* MINICACHE_CACHE_H */
