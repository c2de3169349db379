/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* uring.h - io_uring commands */
#ifndef EXMAP_KMOD_URING_H
#define EXMAP_KMOD_URING_H

struct io_uring_cmd;

/** exmap_uring_cmd() - the uring_cmd method: IORING_OP_URING_CMD [7.5]. */
int exmap_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);

#endif /* EXMAP_KMOD_URING_H */
