// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* uring.c - IORING_OP_URING_CMD: ALLOC of a range of bytes [7.5] */

#include "compat.h"
#include "device.h"

int exmap_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	return -EOPNOTSUPP;
}
