// SPDX-License-Identifier: MIT
/* uring_files.c - submission entries that open, close or register: the table of fds, and the ring's */

#include "shim/real.h"

#include <errno.h>

#include "shim/fdtable.h"
#include "shim/libc_result.h"
#include "shim/open.h"
#include "shim/path.h"
#include "shim/uring_ring.h"

bool uring_is_for_table(const struct uring *ring, const struct io_uring_sqe *sqe)
{
	bool follow = sqe->opcode != IORING_OP_OPENAT || !(sqe->open_flags & O_NOFOLLOW);

	switch (sqe->opcode) {
	case IORING_OP_CLOSE:
		return !sqe->file_index && fdtable_read(sqe->fd);
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
		return path_leads_to_exmap(sqe->fd, (char *)(uintptr_t)sqe->addr, follow);
	case IORING_OP_FILES_UPDATE:
		/* Where the kernel chooses the slots, it chooses none of ours. */
		return ring->nr_files && sqe->off != IORING_FILE_INDEX_ALLOC;
	default:
		return false;
	}
}

long uring_serve_table(struct uring *ring, const struct io_uring_sqe *sqe)
{
	void *addr = (void *)(uintptr_t)sqe->addr;
	int ret;

	/* An exmap that only the ring has could not be mapped. */
	if (sqe->opcode != IORING_OP_FILES_UPDATE && sqe->file_index)
		return -EOPNOTSUPP;
	switch (sqe->opcode) {
	case IORING_OP_CLOSE:
		ret = close(sqe->fd);
		break;
	case IORING_OP_OPENAT:
		ret = openat(sqe->fd, addr, sqe->open_flags, sqe->len);
		break;
	case IORING_OP_OPENAT2:
		ret = open_by_how(sqe->fd, addr, (struct open_how *)(uintptr_t)sqe->off, sqe->len);
		break;
	case IORING_OP_FILES_UPDATE:
		return uring_update_files(ring, addr, sqe->len, sqe->off);
	default:
		return -EINVAL;
	}
	return ret < 0 ? -errno : ret;
}

void uring_leave_slot(struct uring *ring, const struct io_uring_sqe *sqe)
{
	unsigned int slot = sqe->file_index - 1;

	switch (sqe->opcode) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
	case IORING_OP_CLOSE:
	case IORING_OP_ACCEPT:
	case IORING_OP_SOCKET:
		uring_forget_file(ring, slot);
		break;
	case EMU_IORING_OP_PIPE:
		uring_forget_file(ring, slot);
		uring_forget_file(ring, slot + 1);
		break;
	}
}
