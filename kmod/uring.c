// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* uring.c - IORING_OP_URING_CMD: ALLOC of a range of bytes, or of registered vectors [7.5] */

#include "compat.h"
#include "entry.h"
#include "file.h"
#include "traced.h"
#include "uring.h"

/* ALLOC of a range of bytes. Return: number of bytes newly mapped, or a negative errno. */
static int alloc_bytes(struct exmap_device *dev, u32 id, const struct iovec *range)
{
	struct exmap_call call;
	int ret;

	if (!exmap_enter(&call, dev, id, EXMAP_OP_ALLOC))
		return -EPROTO;
	ret = exmap_traced_bytes(dev, &call, range);
	exmap_leave(&call);
	return ret;
}

/*
 * ALLOC of the vectors in a registered buffer. Return: number of failed vectors, or a negative
 * errno.
 */
static int alloc_vectors(struct exmap_device *dev, u32 id, const struct iovec *range,
			 struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	u64 addr = (u64)(uintptr_t)range->iov_base;
	size_t len = range->iov_len;
	struct iov_iter in, out;
	struct exmap_call call;
	struct exmap_iov *iov;
	int ret = exmap_uring_import(addr, len, ITER_SOURCE, &in, cmd, issue_flags);

	if (!ret)
		ret = exmap_uring_import(addr, len, ITER_DEST, &out, cmd, issue_flags);
	if (ret)
		return ret;
	if (!exmap_enter(&call, dev, id, EXMAP_OP_ALLOC))
		return -EPROTO;
	iov = call.ifc->result;
	/*
	 * The registered buffer's pages are pinned, so the copies under the interface's lock cannot
	 * fault.
	 */
	ret = -EFAULT;
	if (copy_from_iter(iov, len, &in) == len)
		ret = exmap_traced_action(dev, &call, iov, len / sizeof(*iov));
	/* If the call has failed, it has written no results. */
	if (ret >= 0 && copy_to_iter(iov, len, &out) != len)
		ret = -EFAULT;
	exmap_leave(&call);
	return ret;
}

int exmap_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	const struct exmap_uring_cmd *payload = exmap_uring_payload(cmd);
	struct iovec range = {
		.iov_base = READ_ONCE(payload->iov.iov_base),
		.iov_len = READ_ONCE(payload->iov.iov_len),
	};
	bool fixed = cmd->flags & IORING_URING_CMD_FIXED;
	u32 id = exmap_command_interface(cmd->cmd_op);
	struct exmap_device *dev;
	int ret;

	/*
	 * The command may wait for the interface and for memory: io_uring repeats it where it may
	 * block.
	 */
	if (issue_flags & IO_URING_F_NONBLOCK)
		return -EAGAIN;
	dev = exmap_file_use(cmd->file);
	ret = exmap_check_command(&dev->core, cmd->cmd_op, fixed, range.iov_len);
	if (!ret)
		ret = fixed ? alloc_vectors(dev, id, &range, cmd, issue_flags) :
			      alloc_bytes(dev, id, &range);
	exmap_file_done(cmd->file, dev);
	/*
	 * Linux 6.1 takes a positive return value for neither done nor failed, so the result goes
	 * by io_uring_cmd_done().
	 */
	exmap_uring_done(cmd, ret, issue_flags);
	return -EIOCBQUEUED;
}
