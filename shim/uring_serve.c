// SPDX-License-Identifier: MIT
/*
 * uring_serve.c - submission entries that name an exmap
 *
 * Each is carried out as it is submitted, so before what is submitted with it,
 * and made a no-op with its result. Only what waits for others, by a link from
 * an ordinary operation or a drain, would need to come later: it is refused.
 */

#include "shim/real.h"

#include <errno.h>
#include <string.h>

#include "emu/rcu.h"
#include "emu/report.h"
#include "include/exmap.h"
#include "shim/fdtable.h"
#include "shim/io.h"
#include "shim/uring_ring.h"

/* Newer than Debian 12's headers. */
#define URING_OP_MSG_RING 40
#define URING_OP_URING_CMD 46
#define URING_CMD_FIXED (1U << 0)
#define SQE_CQE_SKIP (1U << 6)
#define LINKS (IOSQE_IO_LINK | IOSQE_IO_HARDLINK)

/* Where the command of IORING_OP_URING_CMD is in an entry, and its opcode. */
#define SQE_CMD 48
#define SQE_CMD_OP 8

/* The registered exmap or that of an fd, with a reference. */
static struct exmap_file *file_of(const struct uring *ring, const struct io_uring_sqe *sqe)
{
	struct exmap_file *file = NULL;

	if (!(sqe->flags & IOSQE_FIXED_FILE))
		return fdtable_get(sqe->fd);
	if ((unsigned int)sqe->fd >= ring->nr_files || !ring->files[sqe->fd])
		return NULL;
	emu_rcu_read_lock();
	if (emu_file_get(ring->files[sqe->fd]))
		file = ring->files[sqe->fd];
	emu_rcu_read_unlock();
	return file;
}

/* Whether a range is in the registered buffer that the entry names. */
static bool in_buffer(const struct uring *ring, const struct io_uring_sqe *sqe,
		      const struct iovec *range)
{
	const struct iovec *buffer;
	uintptr_t start;

	if (sqe->buf_index >= ring->nr_buffers)
		return false;
	buffer = &ring->buffers[sqe->buf_index];
	start = (uintptr_t)range->iov_base - (uintptr_t)buffer->iov_base;
	return start <= buffer->iov_len && range->iov_len <= buffer->iov_len - start;
}

static long do_read(const struct uring *ring, const struct io_uring_sqe *sqe,
		    struct exmap_file *file)
{
	struct iovec range = { (void *)(uintptr_t)sqe->addr, sqe->len };
	off_t offset = io_offset(sqe->off);

	if (sqe->flags & IOSQE_BUFFER_SELECT)
		return -EINVAL;
	if (!io_flags_are_good(sqe->rw_flags))
		return -EOPNOTSUPP;
	if (sqe->opcode == IORING_OP_READV)
		return emu_read(file, range.iov_base, sqe->len, offset);
	if (sqe->opcode == IORING_OP_READ_FIXED && !in_buffer(ring, sqe, &range))
		return -EFAULT;
	return emu_read_one(file, range.iov_base, sqe->len, offset);
}

static long do_command(const struct uring *ring, const struct io_uring_sqe *sqe,
		       struct exmap_file *file)
{
	struct iovec range;
	uint32_t op;

	memcpy(&op, (const char *)sqe + SQE_CMD_OP, sizeof(op));
	memcpy(&range, (const char *)sqe + SQE_CMD, sizeof(range));
	if (op >> 8 != EXMAP_OP_ALLOC)
		return -EINVAL;
	if (!(sqe->rw_flags & URING_CMD_FIXED))
		return emu_alloc_bytes(file, op & 0xff, &range);
	if (!in_buffer(ring, sqe, &range))
		return -EFAULT;
	return emu_alloc_vectors(file, op & 0xff, &range);
}

static long serve(const struct uring *ring, const struct io_uring_sqe *sqe, struct exmap_file *file)
{
	long ret;

	emu_rcu_read_lock();
	switch (sqe->opcode) {
	case IORING_OP_READ:
	case IORING_OP_READV:
	case IORING_OP_READ_FIXED:
		ret = do_read(ring, sqe, file);
		break;
	case URING_OP_URING_CMD:
		ret = do_command(ring, sqe, file);
		break;
	default:
		/* WRITE and its like [1.1]. */
		ret = -EINVAL;
	}
	emu_rcu_read_unlock();
	return ret;
}

/* Others are the kernel's: it finds what stands for an exmap, and fails with EBADF. */
static bool is_served(const struct io_uring_sqe *sqe)
{
	switch (sqe->opcode) {
	case IORING_OP_READ:
	case IORING_OP_READV:
	case IORING_OP_READ_FIXED:
	case IORING_OP_WRITE:
	case IORING_OP_WRITEV:
	case IORING_OP_WRITE_FIXED:
	case URING_OP_URING_CMD:
		return true;
	default:
		return false;
	}
}

/* Makes an entry one that only has this result. */
static void replace(const struct uring *ring, struct io_uring_sqe *sqe, long result)
{
	struct io_uring_sqe old = *sqe;

	memset(sqe, 0, 1UL << ring->shift);
	sqe->user_data = old.user_data;
	sqe->flags = old.flags & (LINKS | IOSQE_IO_DRAIN | SQE_CQE_SKIP);
	sqe->len = result;
	sqe->opcode = IORING_OP_NOP;
	if (uring_nop_has_result()) {
		sqe->rw_flags = URING_NOP_INJECT_RESULT;
	} else if (result < 0 || !(old.flags & SQE_CQE_SKIP)) {
		/* A message to its own ring, and of its own no completion: Linux 5.18. */
		sqe->opcode = URING_OP_MSG_RING;
		sqe->fd = ring->fd;
		sqe->off = old.user_data;
		sqe->flags |= SQE_CQE_SKIP;
	}
}

/**
 * struct chain - the linked entries that one is among
 * @ordinary:  one before it is the kernel's to do
 * @cancelled: one before it failed, and the kernel does not know
 */
struct chain {
	bool ordinary;
	bool cancelled;
};

static long result_of(const struct uring *ring, const struct io_uring_sqe *sqe,
		      struct exmap_file *file, const struct chain *chain)
{
	if (!chain->ordinary && !(sqe->flags & IOSQE_IO_DRAIN))
		return serve(ring, sqe, file);
	emu_say_once("io_uring: an operation on an emulated exmap cannot wait for others "
		     "(IOSQE_IO_DRAIN, or a link from an ordinary operation): EOPNOTSUPP; submit "
		     "it when they are done");
	return -EOPNOTSUPP;
}

static void serve_entry(struct uring *ring, struct io_uring_sqe *sqe, struct chain *chain)
{
	unsigned int links = sqe->flags & LINKS;
	struct exmap_file *file = is_served(sqe) ? file_of(ring, sqe) : NULL;
	long result = -ECANCELED;

	if (!chain->cancelled && file)
		result = result_of(ring, sqe, file, chain);
	if (file || chain->cancelled)
		replace(ring, sqe, result);
	else
		chain->ordinary = true;
	if (file)
		emu_file_put(file);
	if (result < 0 && links == IOSQE_IO_LINK && !uring_nop_has_result() && !chain->ordinary) {
		sqe->flags &= ~LINKS;
		chain->cancelled = true;
	}
	if (!links)
		*chain = (struct chain){ 0 };
}

void uring_serve_entries(struct uring *ring)
{
	unsigned int tail = __atomic_load_n(ring->tail, __ATOMIC_ACQUIRE);
	struct chain chain = { 0 };

	for (unsigned int i = __atomic_load_n(ring->head, __ATOMIC_ACQUIRE); i != tail; i++) {
		unsigned int slot = i & ring->mask;

		if (ring->array)
			slot = __atomic_load_n(&ring->array[slot], __ATOMIC_RELAXED);
		if (slot <= ring->mask)
			serve_entry(ring,
				    (struct io_uring_sqe *)(ring->entries +
							    ((size_t)slot << ring->shift)),
				    &chain);
	}
}
