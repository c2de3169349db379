/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* calls.h - the calls that clients make most: ACTION and read */
#ifndef EXMAP_KMOD_CALLS_H
#define EXMAP_KMOD_CALLS_H

#include <linux/fs.h>

#include "include/exmap.h"

/** exmap_action_ioctl() - EXMAP_IOCTL_ACTION [4]. Return: failed vectors, or a negative errno. */
long exmap_action_ioctl(struct file *file, const struct exmap_action_params __user *arg);

/** exmap_read_iter() - the read_iter method [5]. Return: bytes, or a negative errno. */
ssize_t exmap_read_iter(struct kiocb *iocb, struct iov_iter *iter);

#endif /* EXMAP_KMOD_CALLS_H */
