/* SPDX-License-Identifier: MIT */
/*
 * aio.h - Linux AIO's system calls, for reads of exmaps among other operations
 *
 * libaio makes them through syscall(2).
 */
#ifndef EXMAP_SHIM_AIO_H
#define EXMAP_SHIM_AIO_H

#include "shim/syscall_args.h"

/**
 * aio_submit() - io_submit()
 *
 * Context: any thread.
 * Return: the number of operations submitted, or a negative errno.
 */
long aio_submit(const struct syscall_args *args);

/**
 * aio_getevents() - io_getevents() and io_pgetevents()
 * @nr: SYS_io_getevents or SYS_io_pgetevents
 *
 * Context: any thread.
 * Return: the number of completions fetched, or a negative errno.
 */
long aio_getevents(long nr, const struct syscall_args *args);

/* Hold the list of failed reads still, across a fork. */
void aio_lock(void);
void aio_unlock(void);

#endif /* EXMAP_SHIM_AIO_H */
