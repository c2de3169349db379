// SPDX-License-Identifier: MIT
/* ring.c - see ring.h */

#include "harness.h"
#include "ring.h"

#include <sys/syscall.h>

static unsigned int *sq_word(struct ring *ring, unsigned int offset)
{
	return (unsigned int *)(ring->sq + offset);
}

static unsigned int *cq_word(struct ring *ring, unsigned int offset)
{
	return (unsigned int *)(ring->cq + offset);
}

void ring_start(struct ring *ring, unsigned int entries)
{
	struct io_uring_params *p = &ring->params;

	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(SYS_io_uring_setup, entries, p);
	if (ring->fd < 0)
		SKIP("no io_uring here (%s)", strerror(errno));
	ring->sq = mmap(NULL, p->sq_off.array + p->sq_entries * 4, PROT_READ | PROT_WRITE,
			MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->cq = mmap(NULL, p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe),
			PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_CQ_RING);
	ring->sqes = mmap(NULL, p->sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
			  MAP_SHARED, ring->fd, IORING_OFF_SQES);
	CHECK(ring->sq != MAP_FAILED && ring->cq != MAP_FAILED && ring->sqes != MAP_FAILED);
}

void ring_put(struct ring *ring, const struct io_uring_sqe *sqe)
{
	unsigned int slot = ring->done & *sq_word(ring, ring->params.sq_off.ring_mask);

	ring->sqes[slot] = *sqe;
	sq_word(ring, ring->params.sq_off.array)[slot] = slot;
	__atomic_store_n(sq_word(ring, ring->params.sq_off.tail), ++ring->done, __ATOMIC_RELEASE);
}

void ring_submit(struct ring *ring, unsigned int n)
{
	CHECK_EQ(syscall(SYS_io_uring_enter, ring->fd, n, n, IORING_ENTER_GETEVENTS, NULL, 0), n);
}

bool ring_ready(struct ring *ring)
{
	return *cq_word(ring, ring->params.cq_off.head) !=
	       __atomic_load_n(cq_word(ring, ring->params.cq_off.tail), __ATOMIC_ACQUIRE);
}

struct io_uring_cqe ring_take(struct ring *ring)
{
	struct io_uring_cqe *cqes = (struct io_uring_cqe *)(ring->cq + ring->params.cq_off.cqes);
	unsigned int *head = cq_word(ring, ring->params.cq_off.head);
	struct io_uring_cqe cqe;

	CHECK(ring_ready(ring));
	cqe = cqes[*head & (ring->params.cq_entries - 1)];
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return cqe;
}

int ring_do(struct ring *ring, const struct io_uring_sqe *sqe)
{
	ring_put(ring, sqe);
	ring_submit(ring, 1);
	return ring_take(ring).res;
}
