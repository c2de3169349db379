// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* uring.c - IORING_OP_URING_CMD: ALLOC of a range of bytes, or of registered vectors [7.5] */

#include <linux/nospec.h>

#include "compat.h"
#include "device.h"

/* Return: bytes newly mapped, or an errno. */
static int alloc_bytes(struct exmap_device *dev, struct exmap_port *port, const struct iovec *iov)
{
	struct exmap_surface *s = exmap_enter(dev, port);
	int ret;

	if (!s)
		return -EPROTO;
	ret = exmap_traced_alloc_bytes(dev, port, s, iov);
	exmap_leave(port);
	return ret;
}

/* Vectors in a registered buffer. Return: how many failed, or an errno. */
static int alloc_vectors(struct exmap_device *dev, struct exmap_port *port,
			 const struct iovec *where, struct io_uring_cmd *cmd)
{
	u64 addr = (u64)(uintptr_t)where->iov_base;
	struct exmap_iov *iov = port->core.result;
	struct iov_iter in, out;
	struct exmap_surface *s;
	int ret;

	if (!where->iov_len || where->iov_len % sizeof(*iov) ||
	    where->iov_len > sizeof(port->core.result))
		return -EINVAL;
	ret = io_uring_cmd_import_fixed(addr, where->iov_len, ITER_SOURCE, &in, cmd);
	if (!ret)
		ret = io_uring_cmd_import_fixed(addr, where->iov_len, ITER_DEST, &out, cmd);
	if (ret)
		return ret;
	s = exmap_enter(dev, port);
	if (!s)
		return -EPROTO;
	/* Pinned pages: neither copy can fault. */
	if (copy_from_iter(iov, where->iov_len, &in) == where->iov_len) {
		ret = exmap_traced_action(dev, port, s, iov, EXMAP_OP_ALLOC,
					  where->iov_len / sizeof(*iov));
		if (copy_to_iter(iov, where->iov_len, &out) != where->iov_len)
			ret = -EFAULT;
	} else {
		ret = -EFAULT;
	}
	exmap_leave(port);
	return ret;
}

int exmap_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	const struct exmap_uring_cmd *payload = exmap_uring_payload(cmd);
	struct iovec iov = {
		.iov_base = READ_ONCE(payload->iov.iov_base),
		.iov_len = READ_ONCE(payload->iov.iov_len),
	};
	unsigned int id = cmd->cmd_op & 0xff;
	struct exmap_device *dev;
	u32 n;
	int ret = -EINVAL;

	/* It may wait, for an interface and for memory. */
	if (issue_flags & IO_URING_F_NONBLOCK)
		return -EAGAIN;
	dev = exmap_call_begin(cmd->file);
	n = exmap_nr_interfaces(dev);
	if (id < n && cmd->cmd_op >> 8 == EXMAP_OP_ALLOC) {
		struct exmap_port *port = dev->ports[array_index_nospec(id, n)];

		ret = cmd->flags & IORING_URING_CMD_FIXED ? alloc_vectors(dev, port, &iov, cmd) :
							    alloc_bytes(dev, port, &iov);
	}
	exmap_call_end(cmd->file, dev);
	/* 6.1 takes a positive answer for neither done nor failed. */
	io_uring_cmd_done(cmd, ret, 0, issue_flags);
	return -EIOCBQUEUED;
}
