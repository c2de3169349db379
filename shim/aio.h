/* SPDX-License-Identifier: MIT */
/*
 * aio.h - Linux AIO, as libaio has it: reads of exmaps among other operations
 *
 * libaio makes its calls through syscall(3). A read of an exmap is carried out as it
 * is submitted; in its place the kernel gets a write of as many bytes to /dev/zero,
 * whose completion is the one that the client waits for.
 */
#ifndef EXMAP_SHIM_AIO_H
#define EXMAP_SHIM_AIO_H

#include "shim/syscall.h"

/* io_submit(), io_getevents() and io_pgetevents(). Return: a negative errno for an error. */
long aio_submit(const struct syscall_args *args);
long aio_getevents(long nr, const struct syscall_args *args);

/* Around fork(). */
void aio_lock(void);
void aio_unlock(void);

#endif /* EXMAP_SHIM_AIO_H */
