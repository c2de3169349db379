/* SPDX-License-Identifier: MIT */
/* uffd.h - the kernel's primitives, and whether it has them here */
#ifndef EXMAP_EMU_UFFD_H
#define EXMAP_EMU_UFFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/**
 * emu_uffd_open() - a userfaultfd that answers missing pages with SIGBUS
 *
 * Tries the system call, then /dev/userfaultfd, whichever is permitted; both
 * without root where the kernel allows faults of user mode only.
 *
 * Return: a hidden fd, or a negative errno.
 */
int emu_uffd_open(void);

/** emu_uffd_register() - have missing pages of a range reported. Return: 0 or errno. */
int emu_uffd_register(int uffd, void *addr, size_t len);

/**
 * emu_uffd_copy() - put pages where none are
 *
 * Return: bytes put there, fewer than @len only on an error, which is in *@error.
 */
size_t emu_uffd_copy(int uffd, void *dst, const void *src, size_t len, int *error);

/**
 * emu_uffd_move() - move pages, both ends registered and alike, to where none are
 *
 * Return: as emu_uffd_copy().
 */
size_t emu_uffd_move(int uffd, void *dst, const void *src, size_t len, int *error);

/** emu_uffd_moves() - whether the kernel has that; found out by trying it. */
bool emu_uffd_moves(int uffd);

/**
 * emu_vectored_zap_fd() - a pidfd through which one call zaps many ranges
 *
 * process_madvise(MADV_DONTNEED) on oneself; found out by trying it.
 *
 * Return: what to give emu_zap(): a hidden pidfd, a magic negative number that
 * the kernel takes for "self", or EMU_NO_VECTORED_ZAP.
 */
#define EMU_NO_VECTORED_ZAP (-1)
int emu_vectored_zap_fd(void);

/**
 * emu_zap() - drop the pages of ranges, with one TLB flush where the kernel can
 * @pidfd:   from emu_vectored_zap_fd()
 * @ranges:  page-aligned; overwritten as the work proceeds
 * @n:       1 to 1024
 *
 * Return: 0, or a negative errno, when some pages may still be there.
 */
int emu_zap(int pidfd, struct iovec *ranges, size_t n);

#endif /* EXMAP_EMU_UFFD_H */
