// SPDX-License-Identifier: MIT
/*
 * uring_wait.c - operations on exmaps that come after others
 *
 * In the place of one that has to wait stands a message to a ring of our own. It
 * is sent when the turn has come, and then the operation is carried out, and its
 * completion sent to the client's ring, from ours. If what it waits for fails,
 * the kernel cancels the message, and tells the client so in its name.
 */

#include "shim/real.h"

#include <errno.h>
#include <string.h>

#include "core/platform.h"
#include "emu/process.h"
#include "emu/sys.h"
#include "shim/uring_ring.h"

/* Of our ring: more messages at one time than anybody has rings. */
#define ENTRIES 64

/* Protects all of our ring. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct uring ours = { .fd = -1 };
static unsigned int *ours_cq_head;
/* The last message that was asked for. */
static uint64_t last_message;
/* Process that made the ring. */
static long owner;

static bool make_ring(void)
{
	struct io_uring_params params = { 0 };
	long pid = emu_sys(SYS_getpid);

	if (owner == pid)
		return ours.fd >= 0;
	owner = pid;
	ours = (struct uring){ .fd = emu_sys(SYS_io_uring_setup, ENTRIES, &params) };
	ours.fd = emu_hide_fd(ours.fd);
	if (ours.fd < 0)
		return false;
	if (!uring_map(&ours, &params)) {
		uring_unmap(&ours);
		emu_close_hidden(ours.fd);
		ours.fd = -1;
		return false;
	}
	ours_cq_head = (unsigned int *)(ours.memory + params.cq_off.head);
	return true;
}

void uring_message(struct io_uring_sqe *sqe, int fd, uint64_t user_data, long result)
{
	uint64_t own = sqe->user_data;

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_MSG_RING;
	sqe->fd = fd;
	sqe->off = user_data;
	sqe->len = result;
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	sqe->user_data = own;
}

void uring_post(const struct uring *ring, uint64_t user_data, long result)
{
	struct io_uring_sqe *sqe;
	unsigned int tail;

	pthread_mutex_lock(&lock);
	tail = *ours.tail;
	sqe = (struct io_uring_sqe *)ours.entries + (tail & ours.mask);
	uring_message(sqe, ring->fd, user_data, result);
	ours.array[tail & ours.mask] = tail & ours.mask;
	__atomic_store_n(ours.tail, tail + 1, __ATOMIC_RELEASE);
	emu_sys(SYS_io_uring_enter, ours.fd, 1, 0, 0, NULL, 0);
	pthread_mutex_unlock(&lock);
}

/* Whether a message is among those that have come; they stay until all have been seen. */
static bool has_come(uint64_t message)
{
	static uint64_t waiting[ENTRIES];
	static unsigned int nr_waiting;
	bool found = false;
	unsigned int tail;

	pthread_mutex_lock(&lock);
	tail = __atomic_load_n(ours.cq_tail, __ATOMIC_ACQUIRE);
	for (; *ours_cq_head != tail && nr_waiting < ENTRIES; ++*ours_cq_head) {
		const struct io_uring_cqe *cqe =
			(const struct io_uring_cqe *)ours.cq + (*ours_cq_head & ours.cq_mask);

		waiting[nr_waiting++] = cqe->user_data;
	}
	for (unsigned int i = 0; i < nr_waiting && !found; i++) {
		if (waiting[i] == message) {
			waiting[i] = waiting[--nr_waiting];
			found = true;
		}
	}
	pthread_mutex_unlock(&lock);
	return found;
}

/* Whether the client has been told of a failure, since @from: of one that was to wait, its end. */
static bool has_failed(const struct uring *ring, uint64_t user_data, unsigned int from)
{
	unsigned int tail = __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE);

	for (; from != tail; from++) {
		const struct io_uring_cqe *cqe =
			(const struct io_uring_cqe *)(ring->cq + ((size_t)(from & ring->cq_mask)
								  << ring->cq_shift));

		if (cqe->user_data == user_data && cqe->res < 0)
			return true;
	}
	return false;
}

long uring_await(struct uring *ring, struct io_uring_sqe *sqe, unsigned int n, unsigned int flags,
		 long *submitted)
{
	unsigned int keep = flags & ~IORING_ENTER_GETEVENTS & ~IORING_ENTER_EXT_ARG;
	unsigned int from = __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE);
	struct io_uring_sqe old = *sqe;
	uint64_t message;
	bool made;
	long ret;

	pthread_mutex_lock(&lock);
	made = make_ring();
	message = ++last_message;
	pthread_mutex_unlock(&lock);
	if (!made)
		return -ENOMEM;
	uring_message(sqe, ours.fd, message, 0);
	/* The kernel stops behind an entry that is no good. */
	for (unsigned int left = n; left; left -= ret) {
		ret = emu_sys(SYS_io_uring_enter, ring->fd, left, 0, keep, NULL, 0);
		if (ret <= 0) {
			*sqe = old;
			return ret ? ret : -EAGAIN;
		}
		*submitted += ret;
	}
	for (unsigned int round = 0; !has_come(message); round++) {
		if (has_failed(ring, old.user_data, from))
			return 0;
		exmap_wait(round);
		/* For rings whose completions wait for their thread (IORING_SETUP_DEFER_TASKRUN). */
		emu_sys(SYS_io_uring_enter, ring->fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0);
	}
	return 1;
}
