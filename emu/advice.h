/* SPDX-License-Identifier: MIT */
/* advice.h - madvise() of many ranges by one system call, and what the kernel has of it */
#ifndef EXMAP_EMU_ADVICE_H
#define EXMAP_EMU_ADVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

/** EMU_NOT_VECTORED - in place of a pidfd: one madvise() for each range. */
#define EMU_NOT_VECTORED (-1)

/**
 * emu_advice_fd() - a pidfd with which emu_advise() needs one system call for many ranges
 *
 * Tries whether this kernel lets a process drop its own pages by process_madvise(MADV_DONTNEED).
 * Any thread.
 *
 * Return: first argument for emu_advise(): a hidden pidfd, to be closed by emu_close_hidden();
 * PIDFD_SELF, which is negative; or EMU_NOT_VECTORED.
 */
int emu_advice_fd(void);

/**
 * emu_advise() - give advice on ranges
 * @pidfd:  from emu_advice_fd()
 * @ranges: page-aligned ranges; overwritten
 * @n:      number of ranges, 1 to 1024
 * @advice: MADV_DONTNEED, also for locked memory; or other advice of madvise(2)
 *
 * One system call where the kernel can, and for MADV_DONTNEED one TLB flush. Ranges for which that
 * fails are tried one by one. Any thread.
 *
 * Return: 0; or the negative errno of the last range that failed, and others may have failed.
 */
int emu_advise(int pidfd, struct iovec *ranges, size_t n, int advice);

/** emu_guards() - whether guard regions work here (Linux 6.13), found out by trying. Any thread. */
bool emu_guards(void);

#endif /* EXMAP_EMU_ADVICE_H */
