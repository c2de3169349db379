/* SPDX-License-Identifier: MIT */
/*
 * ring.h - a ring of events: one thread writes them, another reads them, without a lock
 *
 *	writer                          reader
 *	emu_ring_reserve()              emu_ring_peek()
 *	fills the event in              copies the bytes away
 *	emu_ring_commit()               emu_ring_consume()
 *
 * An event lies in one piece. One that does not fit before the end of the ring is put at its
 * beginning, behind an event of kind EMU_TRACE_PAD.
 *
 * The writer never waits: where there is no room an event is dropped and counted. It may be
 * interrupted by a signal: an event of the handler's that comes while another is reserved is dropped
 * and counted too.
 */
#ifndef EXMAP_EMU_RING_H
#define EXMAP_EMU_RING_H

#include "core/platform.h"
#include "emu/trace_format.h"

/**
 * struct emu_ring - a ring
 * @size:    bytes of @data, a power of 2. 0 in a forked child, where the kernel has wiped the ring:
 *           every event is dropped. Constant
 * @tid:     the thread that writes. Constant
 * @busy:    an event is reserved. The writing thread's
 * @known:   a value that @tail had. The writing thread's
 * @start:   where the reserved event begins. The writing thread's
 * @dropped: number of events that were dropped. Written by the writing thread, atomic
 * @head:    bytes ever written. Written by the writing thread, atomic
 * @tail:    bytes ever read. Written by the reading thread, atomic
 * @next:    for the reader's list of rings
 * @data:    the events
 */
struct emu_ring {
	u64 size;
	u32 tid;
	u32 busy;
	u64 known;
	u64 start;
	u64 dropped;
	u64 head;
	u64 tail exmap_cacheline_aligned;
	struct emu_ring *next;
	char data[] exmap_cacheline_aligned;
};

/**
 * emu_ring_new() - make a ring
 * @tid:  the thread that will write
 * @size: bytes, a power of 2: at least twice the largest event
 *
 * Any thread, in signal handlers too. Return: NULL if out of memory.
 */
struct emu_ring *emu_ring_new(u32 tid, u64 size);

/** emu_ring_free() - free a ring, which neither thread uses any more. */
void emu_ring_free(struct emu_ring *ring);

/* Whether there is room for @size bytes; looks at the reader's progress only if that matters. */
static inline bool emu_ring_fits(struct emu_ring *ring, u64 size)
{
	if (exmap_likely(ring->start + size - ring->known <= ring->size))
		return true;
	/* Pairs with emu_ring_consume(): the reader has copied what is overwritten now. */
	ring->known = exmap_load_acquire(&ring->tail);
	return ring->start + size - ring->known <= ring->size;
}

static inline void *emu_ring_drop(struct emu_ring *ring)
{
	exmap_store(&ring->dropped, ring->dropped + 1);
	return NULL;
}

/**
 * emu_ring_reserve() - begin an event
 * @ring: the calling thread's
 * @most: bytes that the event may have, a multiple of 8
 *
 * Return: memory for the event, until emu_ring_commit(); NULL if it was dropped.
 */
static inline void *emu_ring_reserve(struct emu_ring *ring, u32 most)
{
	u64 place = ring->head & (ring->size - 1);
	bool wraps = place + most > ring->size;

	if (exmap_unlikely(ring->busy || !ring->size))
		return emu_ring_drop(ring);
	ring->busy = 1;
	/* A handler that interrupts this thread from here on must see that it is busy. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	ring->start = ring->head + (wraps ? ring->size - place : 0);
	/* Asked once: a reader that goes on in between must not make the answers differ. */
	if (exmap_unlikely(!emu_ring_fits(ring, most))) {
		ring->busy = 0;
		return emu_ring_drop(ring);
	}
	if (exmap_unlikely(wraps)) {
		struct emu_trace_event *pad = (struct emu_trace_event *)(ring->data + place);

		pad->kind = EMU_TRACE_PAD;
		pad->size = ring->size - place;
		place = 0;
	}
	return ring->data + place;
}

/**
 * emu_ring_commit() - let the reader have the reserved event
 * @size: bytes that the event has, at most as many as were reserved
 *
 * Return: whether the reader should be woken: the ring has just become half full.
 */
static inline bool emu_ring_commit(struct emu_ring *ring, u32 size)
{
	u64 head = ring->start + size;
	u64 half = ring->size / 2;
	bool crossed = ((head ^ ring->head) & half) != 0;

	exmap_store_release(&ring->head, head);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	ring->busy = 0;
	return exmap_unlikely(crossed);
}

/**
 * emu_ring_peek() - find the events that are there, up to the end of the ring
 *
 * The reading thread. Return: where they are; of length 0 if there are none.
 */
struct iovec emu_ring_peek(struct emu_ring *ring);

/** emu_ring_consume() - give the memory of the first @bytes events back to the writer. */
void emu_ring_consume(struct emu_ring *ring, u64 bytes);

#endif /* EXMAP_EMU_RING_H */
