// SPDX-License-Identifier: MIT
/* uring_probe.c - what this kernel's no-op can do, by trying it on a ring of our own */

#include "shim/real.h"

#include <string.h>

#include "emu/sys.h"
#include "shim/uring_ring.h"

#define RESULT 12345

static bool has_result;

/* The first entry of a fresh ring is done, and its completion looked at. */
static bool try(const struct uring *ring, const struct io_uring_params *p)
{
	struct io_uring_sqe *sqe = (struct io_uring_sqe *)ring->entries;
	const struct io_uring_cqe *cqe =
		(const struct io_uring_cqe *)(ring->memory + p->cq_off.cqes);

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_NOP;
	sqe->rw_flags = IORING_NOP_INJECT_RESULT;
	sqe->len = RESULT;
	ring->array[0] = 0;
	__atomic_store_n(ring->tail, 1, __ATOMIC_RELEASE);
	return emu_sys(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1 &&
	       cqe->res == RESULT;
}

static void probe(void)
{
	struct io_uring_params params = { 0 };
	struct uring ring = { .fd = emu_sys(SYS_io_uring_setup, 1, &params) };

	if (ring.fd < 0)
		return;
	if (uring_map(&ring, &params))
		has_result = try(&ring, &params);
	uring_unmap(&ring);
	emu_sys(SYS_close, ring.fd);
}

bool uring_nop_has_result(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, probe);
	return has_result;
}
