/* SPDX-License-Identifier: MIT */
/*
 * exmap-emu.h - an exmap as a library
 *
 * For programs that would rather link the emulator than have it preloaded:
 *
 *	cc engine.c $(pkg-config --cflags --libs exmap-emu)
 *
 * The functions do what the system calls on /dev/exmap do, with the same results: -1 and
 * errno for an error. What each promises is in the clauses of docs/spec.md that stand in
 * brackets. EXMAP_OPTIONS counts. The process's memory calls are its own: a surface is
 * unmapped and protected by the functions below, never by munmap() or mprotect().
 *
 * Any thread may call any of them, but exmap_emu_close() with the exmap's last user.
 */
#ifndef EXMAP_EMU_H
#define EXMAP_EMU_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <exmap.h>

#ifdef __cplusplus
extern "C" {
#endif

struct exmap_emu;

/** exmap_emu_open() - a new exmap, as open() of /dev/exmap. Return: NULL and errno for an error. */
struct exmap_emu *exmap_emu_open(void);

/** exmap_emu_close() - close it; a surface that is mapped lives on until it is unmapped [1.2]. */
void exmap_emu_close(struct exmap_emu *emu);

/**
 * exmap_emu_setup() - EXMAP_IOCTL_SETUP [3]
 * @backing:        fd of what READ reads, open with O_DIRECT; -1 for none. May be closed after.
 * @max_interfaces: 1 to 256
 * @buffer_size:    frames, 4096 bytes each
 *
 * Return: 0; EBUSY, EINVAL, EBADF, ENOMEM.
 */
int exmap_emu_setup(struct exmap_emu *emu, int backing, int max_interfaces, size_t buffer_size);

/**
 * exmap_emu_map() - map the surface [2.1]
 * @addr: where it would be nice to have it, or NULL
 * @len:  bytes, a multiple of 4096
 * @prot: PROT_READ, PROT_WRITE
 *
 * Return: its address, or MAP_FAILED; EBUSY while there is one.
 */
void *exmap_emu_map(struct exmap_emu *emu, void *addr, size_t len, int prot);

/** exmap_emu_unmap() - unmap a surface; all its frames are free again [2.4]. EINVAL for a part. */
int exmap_emu_unmap(void *addr, size_t len);

/** exmap_emu_protect() - mprotect() of a whole surface [2.6]. */
int exmap_emu_protect(void *addr, size_t len, int prot);

/**
 * exmap_emu_interface() - where an interface's vectors are [2.2]
 * @interface: below max_interfaces
 *
 * Stays until the exmap is closed and unmapped. Return: NULL and ENXIO if there is none.
 */
struct exmap_user_interface *exmap_emu_interface(struct exmap_emu *emu, int interface);

/**
 * exmap_emu_action() - ALLOC or FREE of the first vectors of an interface [4]
 * @opcode:  EXMAP_OP_ALLOC, EXMAP_OP_FREE
 * @iov_len: how many, up to 512
 *
 * Threads that share an interface wait for each other; a thread each is what is fast.
 *
 * Return: how many vectors failed, each with its errno in res; or -1 and EINVAL, EBADF
 * (before setup), EPROTO (not mapped).
 */
int exmap_emu_action(struct exmap_emu *emu, int interface, int opcode, int iov_len);

/**
 * exmap_emu_readv() - map ranges and fill them from the backing [5]
 * @interface: whose frames they take
 * @iov:       ranges of the surface, multiples of 4096
 * @nr_iov:    how many, up to 1024
 *
 * Return: bytes; 0 if the first has a page already; or -1 and EINVAL, EFAULT, ENOMEM, EPROTO,
 * or the errno of the backing.
 */
ssize_t exmap_emu_readv(struct exmap_emu *emu, int interface, const struct iovec *iov, int nr_iov);

/** exmap_emu_stats() - EXMAP_IOCTL_STATS [7.1]. */
int exmap_emu_stats(struct exmap_emu *emu, struct exmap_ioctl_stats *stats);

/**
 * exmap_emu_fault() - what a SIGBUS or SIGSEGV means, in the handler for it
 * @info:    the handler's; if the access was to a page that is not allocated, it becomes the
 *           SIGSEGV that the kernel module would give: si_signo, si_code, si_addr [6.1]
 * @context: the handler's third argument
 *
 * The kernel reports a missing page as SIGBUS, or as SIGSEGV under strategy=mprotect, so a
 * program that expects such faults handles both. Async-signal-safe.
 *
 * Return: 1 if it is one of those; 0 if it has nothing to do with an exmap; -1 if the handler
 * is to return, because the access will do better now.
 */
int exmap_emu_fault(siginfo_t *info, void *context);

#ifdef __cplusplus
}
#endif

#endif /* EXMAP_EMU_H */
