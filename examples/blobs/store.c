// SPDX-License-Identifier: MIT
/* store.c - see store.h */

#include "store.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

/* Most extents of one FREE. An interface has 512 vectors. */
#define EVICT_EXTENTS 512

static uint64_t pages_of(size_t bytes)
{
	return (bytes + PAGE_SIZE - 1) / PAGE_SIZE;
}

uint64_t store_pages(uint64_t pages)
{
	/* An extent takes less than twice what the object needs, and of each size a chunk is open. */
	return 2 * pages + STORE_CHUNK * (1UL << STORE_EXTENTS);
}

/* Space for an extent of 2^@size pages. The store's lock is held. */
static uint64_t take_space(struct store *s, int size)
{
	struct extent *chunk = &s->chunk[size];
	uint64_t page;

	if (!chunk->len) {
		chunk->page = s->end;
		chunk->len = STORE_CHUNK << size;
		s->end += chunk->len;
	}
	if (chunk->page + chunk->len > s->memory.nr_pages)
		errx(1, "the file is full");
	page = chunk->page;
	chunk->page += 1UL << size;
	chunk->len -= 1UL << size;
	return page;
}

static void lay_out(struct store *s, struct blob *b, size_t bytes)
{
	uint64_t left = pages_of(bytes);

	b->bytes = bytes;
	for (int i = 0; left; i++) {
		uint64_t len = 1UL << i < left ? 1UL << i : left;

		b->extents[i] = (struct extent){ take_space(s, i), len };
		b->nr_extents = i + 1;
		left -= len;
	}
}

/*
 * Evicts objects that nobody reads until @frames are free, or all others are in use: the hand of the
 * clock passes each object twice. No object is dirty: store_put() has written it. The store's lock is
 * held, also while exmap frees.
 */
static void evict(struct store *s, int interface, uint64_t frames)
{
	struct extent gone[EVICT_EXTENTS];
	int n = 0;

	for (size_t i = 0; i < 2 * s->nr_blobs && s->free_frames < frames; i++) {
		struct blob *b = &s->blobs[s->hand];

		s->hand = (s->hand + 1) % s->nr_blobs;
		if (b->state != BLOB_IN || b->readers)
			continue;
		if (b->used) {
			b->used = false;
			continue;
		}
		if (n + b->nr_extents > EVICT_EXTENTS) {
			memory_free(&s->memory, interface, gone, n);
			n = 0;
		}
		memcpy(gone + n, b->extents, b->nr_extents * sizeof(*gone));
		n += b->nr_extents;
		b->state = BLOB_OUT;
		s->free_frames += pages_of(b->bytes);
		s->evictions++;
	}
	if (n)
		memory_free(&s->memory, interface, gone, n);
}

/* Waits for a slot. The store's lock is held. */
static struct slot *take_slot(struct store *s)
{
	struct slot *slot;

	while (!s->slots)
		pthread_cond_wait(&s->slot_free, &s->lock);
	slot = s->slots;
	s->slots = slot->next;
	return slot;
}

static void give_slot(struct store *s, struct slot *slot)
{
	slot->next = s->slots;
	s->slots = slot;
	pthread_cond_signal(&s->slot_free);
}

/* Takes a slot, when there are frames for an object. The store's lock is held. */
static struct slot *take_slot_and_frames(struct store *s, const struct blob *b)
{
	uint64_t frames = pages_of(b->bytes);
	struct slot *slot = take_slot(s);

	while (s->free_frames < frames) {
		evict(s, slot->interface, frames);
		if (s->free_frames >= frames)
			break;
		/* Others read all that is there. They may be waiting for this slot. */
		give_slot(s, slot);
		pthread_cond_wait(&s->changed, &s->lock);
		slot = take_slot(s);
	}
	return slot;
}

/* An object gets its frames. The store's lock is held. */
static void make_busy(struct store *s, struct blob *b)
{
	b->state = BLOB_BUSY;
	s->free_frames -= pages_of(b->bytes);
}

/* Its pages are there. Takes the store's lock. */
static void make_cached(struct store *s, struct blob *b)
{
	pthread_mutex_lock(&s->lock);
	b->state = BLOB_IN;
	pthread_cond_broadcast(&s->changed);
}

void store_put(struct store *s, struct blob *b, size_t bytes,
	       void (*fill)(char *to, size_t done, size_t bytes, void *arg), void *arg)
{
	struct slot *slot;
	size_t done = 0;

	pthread_mutex_lock(&s->lock);
	lay_out(s, b, bytes);
	slot = take_slot_and_frames(s, b);
	make_busy(s, b);
	pthread_mutex_unlock(&s->lock);

	memory_alloc(&s->memory, slot->interface, b->extents, b->nr_extents);
	for (int i = 0; i < b->nr_extents; i++) {
		size_t size = b->extents[i].len * PAGE_SIZE;
		char *to = memory_at(&s->memory, b->extents[i].page);
		size_t part = size < bytes - done ? size : bytes - done;

		fill(to, done, part, arg);
		memset(to + part, 0, size - part);
		done += part;
	}
	memory_write(&s->memory, b->extents, b->nr_extents);

	make_cached(s, b);
	give_slot(s, slot);
	pthread_mutex_unlock(&s->lock);
}

static const char *copy(struct store *s, const struct blob *b, char *to)
{
	size_t done = 0;

	for (int i = 0; i < b->nr_extents; i++) {
		size_t size = b->extents[i].len * PAGE_SIZE;

		memcpy(to + done, memory_at(&s->memory, b->extents[i].page), size);
		done += size;
	}
	return to;
}

struct span store_get(struct store *s, struct blob *b)
{
	struct slot *slot;
	enum blob_state wanted;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		if (b->state == BLOB_BUSY) {
			pthread_cond_wait(&s->changed, &s->lock);
			continue;
		}
		/* Either call may wait, and then another thread may have read or evicted it. */
		wanted = b->state;
		slot = wanted == BLOB_IN ? take_slot(s) : take_slot_and_frames(s, b);
		if (b->state == wanted)
			break;
		give_slot(s, slot);
	}
	if (wanted == BLOB_OUT) {
		make_busy(s, b);
		s->pages_read += pages_of(b->bytes);
		pthread_mutex_unlock(&s->lock);
		memory_read(&s->memory, slot->interface, b->extents, b->nr_extents);
		make_cached(s, b);
	}
	b->readers++;
	b->used = true;
	pthread_mutex_unlock(&s->lock);
	return (struct span){
		.data = s->by_memcpy ?
				copy(s, b, slot->buffer) :
				memory_show(&s->memory, slot->interface, b->extents, b->nr_extents),
		.slot = slot,
		.blob = b,
	};
}

void store_release(struct store *s, struct span *span)
{
	if (!s->by_memcpy)
		memory_hide(&s->memory, span->slot->interface);
	pthread_mutex_lock(&s->lock);
	span->blob->readers--;
	give_slot(s, span->slot);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

void store_open(struct store *s, int file, uint64_t nr_pages, uint64_t frames, int slots,
		bool by_memcpy, struct blob *blobs, size_t nr_blobs)
{
	memset(s, 0, sizeof(*s));
	memory_open(&s->memory, file, nr_pages, frames, slots, STORE_MAX_PAGES);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->slot_free, NULL);
	pthread_cond_init(&s->changed, NULL);
	s->by_memcpy = by_memcpy;
	s->blobs = blobs;
	s->nr_blobs = nr_blobs;
	s->free_frames = frames;
	s->all_slots = calloc(slots, sizeof(*s->all_slots));
	if (!s->all_slots)
		err(1, NULL);
	for (int i = 0; i < slots; i++) {
		struct slot *slot = &s->all_slots[i];

		slot->interface = i;
		if (by_memcpy)
			slot->buffer = malloc(STORE_MAX_PAGES * PAGE_SIZE);
		if (by_memcpy && !slot->buffer)
			err(1, NULL);
		give_slot(s, slot);
	}
}

void store_close(struct store *s)
{
	for (int i = 0; i < s->memory.exmap.nr_interfaces; i++)
		free(s->all_slots[i].buffer);
	free(s->all_slots);
	memory_close(&s->memory);
	pthread_cond_destroy(&s->slot_free);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
}
