/* SPDX-License-Identifier: MIT */
/*
 * store.h - a store of large objects in a file, of which a part is cached
 *
 * An object lies in extents of 1, 2, 4 ... pages, the last one cut to what is needed: few extents for
 * a large object, little waste for a small one. Extents of one size lie together, so those of one
 * object are far apart. Who reads an object gets it as one span of memory all the same: exmap shows
 * the extents a second time, one behind the other, in an area of its surface. By memcpy, for
 * comparison, they are copied one behind the other into a buffer.
 *
 * Thread-safety: any thread may put and get objects at any time.
 */
#ifndef BLOBS_STORE_H
#define BLOBS_STORE_H

#include <pthread.h>
#include <stdbool.h>

#include "memory.h"

/* Extents of an object: up to 2048 pages each, of which a vector could hold no more. */
#define STORE_EXTENTS 12
#define STORE_MAX_PAGES ((1UL << STORE_EXTENTS) - 1)

/* Extents that are given space together. */
#define STORE_CHUNK 16

/* Not cached; being read or written; cached. */
enum blob_state { BLOB_OUT, BLOB_BUSY, BLOB_IN };

/* An object. The fields below @bytes are under the store's lock. */
struct blob {
	size_t bytes;
	struct extent extents[STORE_EXTENTS];
	int nr_extents;
	enum blob_state state;
	int readers; /* of a cached one */
	bool used; /* since the clock's hand was here */
};

/* What one reader needs: an interface with its area; a buffer to copy to. */
struct slot {
	int interface;
	char *buffer;
	struct slot *next;
};

struct store {
	struct memory memory;
	bool by_memcpy;
	pthread_mutex_t lock; /* protects all fields below, and blobs as said there */
	pthread_cond_t slot_free;
	pthread_cond_t changed; /* a blob has another state, or a reader less */
	struct slot *slots; /* the free ones */
	struct slot *all_slots;
	struct blob *blobs;
	size_t nr_blobs;
	size_t hand; /* of the clock that chooses whom to evict */
	uint64_t free_frames;
	uint64_t end; /* of what is given out of the file, in pages */
	struct extent chunk[STORE_EXTENTS]; /* what is left for extents of this size */
	uint64_t evictions, pages_read;
};

/* An object as one span. */
struct span {
	const char *data;
	struct slot *slot;
	struct blob *blob;
};

/**
 * store_open() - make an empty store
 * @file:      where to put objects, opened O_DIRECT
 * @nr_pages:  most pages of the file, see store_pages()
 * @frames:    pages to cache, at least those of the largest object
 * @slots:     number of objects that can be read at one time
 * @by_memcpy: copy the extents instead of showing them
 * @blobs:     array of all objects that there can be
 * @nr_blobs:  their number
 */
void store_open(struct store *s, int file, uint64_t nr_pages, uint64_t frames, int slots,
		bool by_memcpy, struct blob *blobs, size_t nr_blobs);
void store_close(struct store *s);

/* Pages of the file that are enough for objects of @pages pages together. */
uint64_t store_pages(uint64_t pages);

/* Put an object, by fill(to, done, bytes, arg): that writes its bytes from @done on to @to. */
void store_put(struct store *s, struct blob *b, size_t bytes,
	       void (*fill)(char *to, size_t done, size_t bytes, void *arg), void *arg);

/* Get an object as one span, which may only be read; waits for a slot and for frames. */
struct span store_get(struct store *s, struct blob *b);

/* Give it back. */
void store_release(struct store *s, struct span *span);

#endif /* BLOBS_STORE_H */
