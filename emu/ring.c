// SPDX-License-Identifier: MIT
/* ring.c - see ring.h */

#define _GNU_SOURCE
#include "emu/ring.h"

#include <sys/mman.h>

#include "emu/fence.h"
#include "emu/sys.h"
#include "emu/uapi.h"

static size_t bytes_of(u64 size)
{
	return sizeof(struct emu_ring) + size;
}

struct emu_ring *emu_ring_new(u32 tid, u64 size)
{
	struct emu_ring *ring = emu_fenced_alloc(bytes_of(size));

	if (!ring)
		return NULL;
	/* A forked child must neither write into this ring nor pay for a copy of it. */
	emu_sys(SYS_madvise, ring, bytes_of(size), MADV_WIPEONFORK);
	/* Otherwise the first events would pay for page faults. A kernel without it may refuse. */
	emu_sys(SYS_madvise, ring, bytes_of(size), MADV_POPULATE_WRITE);
	ring->size = size;
	ring->tid = tid;
	return ring;
}

void emu_ring_free(struct emu_ring *ring)
{
	emu_fenced_free(ring, bytes_of(ring->size));
}

struct iovec emu_ring_peek(struct emu_ring *ring)
{
	/* Pairs with emu_ring_commit(): the events up to there are complete. */
	u64 bytes = exmap_load_acquire(&ring->head) - ring->tail;
	u64 place = ring->tail & (ring->size - 1);

	return (struct iovec){ ring->data + place, EXMAP_MIN(bytes, ring->size - place) };
}

void emu_ring_consume(struct emu_ring *ring, u64 bytes)
{
	exmap_store_release(&ring->tail, ring->tail + bytes);
}
