/* SPDX-License-Identifier: MIT */
/* ring.h - an io_uring, without liburing, which may be older than the kernel */
#ifndef EXMAP_CONFORMANCE_RING_H
#define EXMAP_CONFORMANCE_RING_H

#include "harness.h"

#include <linux/io_uring.h>
#include <linux/time_types.h>

#include "emu/uapi.h"

/**
 * struct ring - an io_uring
 * @fd:     its descriptor
 * @params: as the kernel has filled them in
 * @sqes:   submission entries
 * @sq:     submission ring
 * @cq:     completion ring
 * @done:   how many entries were put in so far
 */
struct ring {
	int fd;
	struct io_uring_params params;
	struct io_uring_sqe *sqes;
	char *sq;
	char *cq;
	unsigned int done;
};

/** ring_start() - make a ring; skips the test where the kernel has no io_uring. */
void ring_start(struct ring *ring, unsigned int entries);

/** ring_put() - put an entry in; it is submitted with the next ring_submit(). */
void ring_put(struct ring *ring, const struct io_uring_sqe *sqe);

/** ring_submit() - submit @n entries, and wait for as many completions. */
void ring_submit(struct ring *ring, unsigned int n);

/** ring_ready() - whether there is a completion for ring_take(). */
bool ring_ready(struct ring *ring);

/** ring_take() - the next completion, which must be there. */
struct io_uring_cqe ring_take(struct ring *ring);

/** ring_do() - do one operation and wait for it. Return: its result. */
int ring_do(struct ring *ring, const struct io_uring_sqe *sqe);

/** ring_read() - an entry that reads from @offset of a file. */
static inline struct io_uring_sqe ring_read(int fd, void *buf, unsigned int len, uint64_t offset)
{
	return (struct io_uring_sqe){
		.opcode = IORING_OP_READ,
		.fd = fd,
		.addr = (uintptr_t)buf,
		.len = len,
		.off = offset,
	};
}

/** ring_page_read() - an entry that reads one page of the exmap, through interface 0. */
static inline struct io_uring_sqe ring_page_read(const struct ex *ex, uint64_t page)
{
	return ring_read(ex->fd, ex_at(ex, page), PAGE, read_offset(0, EXMAP_OP_READ));
}

#endif /* EXMAP_CONFORMANCE_RING_H */
