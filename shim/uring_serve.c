// SPDX-License-Identifier: MIT
/*
 * uring_serve.c - submission entries that name an exmap
 *
 * Each is carried out as it is submitted, so before what is submitted with it,
 * and made a no-op with its result. Only one that has a link from an ordinary
 * operation has to come later: that is submitted first, and waited for.
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

#define LINKS (IOSQE_IO_LINK | IOSQE_IO_HARDLINK)

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
	/* A registered buffer's pages are there, and READ is for pages that are not. */
	if (sqe->opcode == IORING_OP_READ_FIXED)
		return in_buffer(ring, sqe, &range) ? -EINVAL : -EFAULT;
	return emu_read_one(file, range.iov_base, sqe->len, offset);
}

static long do_command(const struct uring *ring, const struct io_uring_sqe *sqe,
		       struct exmap_file *file)
{
	struct iovec range;
	uint32_t op = sqe->cmd_op;

	memcpy(&range, sqe->cmd, sizeof(range));
	if (op >> 8 != EXMAP_OP_ALLOC)
		return -EINVAL;
	if (!(sqe->uring_cmd_flags & IORING_URING_CMD_FIXED))
		return emu_alloc_bytes(file, op & 0xff, &range);
	if (!in_buffer(ring, sqe, &range))
		return -EFAULT;
	return emu_alloc_vectors(file, op & 0xff, &range);
}

static long serve(struct uring *ring, const struct io_uring_sqe *sqe, struct exmap_file *file)
{
	long ret;

	if (!file)
		return uring_serve_table(ring, sqe);
	emu_rcu_read_lock();
	switch (sqe->opcode) {
	case IORING_OP_READ:
	case IORING_OP_READV:
	case IORING_OP_READ_FIXED:
		ret = do_read(ring, sqe, file);
		break;
	case IORING_OP_URING_CMD:
		ret = do_command(ring, sqe, file);
		break;
	case IORING_OP_WRITE:
	case IORING_OP_WRITEV:
	case IORING_OP_WRITE_FIXED:
		/* As by write() [1.1]. */
		ret = -EINVAL;
		break;
	default:
		ret = -EBADF;
	}
	emu_rcu_read_unlock();
	return ret;
}

/*
 * Others are the kernel's: it finds what stands for an exmap, and fails with EBADF. Not what
 * stands for a registered one.
 */
static bool is_served(const struct io_uring_sqe *sqe)
{
	switch (sqe->opcode) {
	case IORING_OP_READ:
	case IORING_OP_READV:
	case IORING_OP_READ_FIXED:
	case IORING_OP_WRITE:
	case IORING_OP_WRITEV:
	case IORING_OP_WRITE_FIXED:
	case IORING_OP_URING_CMD:
		return true;
	case IORING_OP_NOP:
		return false;
	default:
		return sqe->flags & IOSQE_FIXED_FILE;
	}
}

/* Makes an entry one that only has this result. */
static void replace(const struct uring *ring, struct io_uring_sqe *sqe, long result)
{
	struct io_uring_sqe old = *sqe;

	memset(sqe, 0, 1UL << ring->shift);
	sqe->user_data = old.user_data;
	if (uring_nop_has_result()) {
		sqe->opcode = IORING_OP_NOP;
		sqe->rw_flags = IORING_NOP_INJECT_RESULT;
		sqe->len = result;
	} else if (result < 0 || !(old.flags & IOSQE_CQE_SKIP_SUCCESS)) {
		uring_message(sqe, ring->fd, old.user_data, result);
	}
	sqe->flags |= old.flags & (LINKS | IOSQE_IO_DRAIN | IOSQE_CQE_SKIP_SUCCESS);
}

/**
 * struct chain - the linked entries that one is among
 * @ordinary: one before it is the kernel's to do
 * @failed:   one before it failed
 * @cut:      and the kernel does not know
 */
struct chain {
	bool ordinary;
	bool failed;
	bool cut;
};

/**
 * struct walk - through the entries of a ring
 * @ring:   locked
 * @sqe:    the entry
 * @before: entries before it that are not submitted
 * @may_wait: whether it is among those that the client submits now
 * @flags:  of the client's io_uring_enter()
 * @submitted: counts entries that have been submitted
 * @chain:  that the entry is in
 */
struct walk {
	struct uring *ring;
	struct io_uring_sqe *sqe;
	unsigned int before;
	bool may_wait;
	unsigned int flags;
	long *submitted;
	struct chain chain;
};

/* Return: 0, or a negative errno. */
static long serve_later(struct walk *walk, struct exmap_file *file)
{
	struct io_uring_sqe copy = *walk->sqe;
	long result = -ECANCELED;
	long turn =
		uring_await(walk->ring, walk->sqe, walk->before + 1, walk->flags, walk->submitted);

	if (turn < 0)
		return turn;
	walk->before = 0;
	if (turn) {
		result = serve(walk->ring, &copy, file);
		if (result < 0 || !(copy.flags & IOSQE_CQE_SKIP_SUCCESS))
			uring_post(walk->ring, copy.user_data, result);
	}
	walk->chain.ordinary = false;
	if (result < 0 && (copy.flags & LINKS) == IOSQE_IO_LINK)
		walk->chain.failed = walk->chain.cut = true;
	return 0;
}

static long result_of(const struct walk *walk, struct exmap_file *file)
{
	if (walk->chain.failed)
		return -ECANCELED;
	if (!(walk->sqe->flags & IOSQE_IO_DRAIN))
		return serve(walk->ring, walk->sqe, file);
	emu_say_once("io_uring: an operation on an emulated exmap cannot wait for all others "
		     "(IOSQE_IO_DRAIN): EOPNOTSUPP; link it, or submit it when they are done");
	return -EOPNOTSUPP;
}

static void serve_now(struct walk *walk, struct exmap_file *file)
{
	unsigned int links = walk->sqe->flags & LINKS;
	long result = result_of(walk, file);

	replace(walk->ring, walk->sqe, result);
	walk->before++;
	if (result >= 0 || links != IOSQE_IO_LINK)
		return;
	walk->chain.failed = true;
	if (!uring_nop_has_result()) {
		walk->sqe->flags &= ~LINKS;
		walk->chain.cut = true;
	}
}

static long serve_entry(struct walk *walk)
{
	struct io_uring_sqe *sqe = walk->sqe;
	struct exmap_file *file = is_served(sqe) ? file_of(walk->ring, sqe) : NULL;
	bool ours = file || uring_is_for_table(walk->ring, sqe);
	bool linked = sqe->flags & LINKS;
	long ret = 0;

	if (!ours) {
		uring_leave_slot(walk->ring, sqe);
		if (walk->chain.cut) {
			replace(walk->ring, sqe, -ECANCELED);
			sqe->flags &= ~LINKS;
		}
		walk->chain.ordinary = true;
		walk->before++;
	} else if (walk->chain.failed || !walk->chain.ordinary || sqe->flags & IOSQE_IO_DRAIN) {
		serve_now(walk, file);
	} else if (walk->may_wait) {
		ret = serve_later(walk, file);
	}
	if (file)
		emu_file_put(file);
	if (!linked)
		walk->chain = (struct chain){ 0 };
	return ret;
}

long uring_serve_entries(struct uring *ring, unsigned int to_submit, unsigned int flags,
			 long *submitted)
{
	unsigned int head = __atomic_load_n(ring->head, __ATOMIC_ACQUIRE);
	unsigned int tail = __atomic_load_n(ring->tail, __ATOMIC_ACQUIRE);
	struct walk walk = { .ring = ring, .flags = flags, .submitted = submitted };

	/* All of them: another thread that submits may take some of ours for its own. */
	for (unsigned int i = head; i != tail; i++) {
		unsigned int slot = i & ring->mask;
		long ret;

		if (ring->array)
			slot = __atomic_load_n(&ring->array[slot], __ATOMIC_RELAXED);
		/* The kernel drops such an entry. */
		if (slot > ring->mask)
			continue;
		walk.sqe = (struct io_uring_sqe *)(ring->entries + ((size_t)slot << ring->shift));
		walk.may_wait = i - head < to_submit;
		ret = serve_entry(&walk);
		if (ret < 0)
			return ret;
	}
	return 0;
}
