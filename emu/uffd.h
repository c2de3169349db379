/* SPDX-License-Identifier: MIT */
/* uffd.h - userfaultfd: the calls that map and move pages, and whether they work here */
#ifndef EXMAP_EMU_UFFD_H
#define EXMAP_EMU_UFFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/**
 * emu_uffd_open() - open a userfaultfd that turns each access to a missing page into SIGBUS
 *
 * Tries the system call, then /dev/userfaultfd. The fd is for faults of user mode only, so the
 * system call needs no privilege (Linux 5.11). Any thread.
 *
 * Return: a hidden fd; or a negative errno: of the system call, if both are refused.
 */
int emu_uffd_open(void);

/**
 * emu_uffd_register() - register private anonymous memory, so that its missing pages raise SIGBUS
 * @len: bytes, a multiple of the page size
 *
 * Any thread. Return: 0 or a negative errno.
 */
int emu_uffd_register(int uffd, void *addr, size_t len);

/** emu_uffd_used() - whether this process has registered memory, so that it may get a SIGBUS. */
bool emu_uffd_used(void);

/**
 * emu_uffd_copy() - map new pages, with the content at @src, where pages are missing
 * @dst:   registered memory, page-aligned
 * @src:   the content, anywhere in memory
 * @len:   bytes, a multiple of the page size
 * @error: set to 0, or to the negative errno of the first page that failed: -EEXIST if a page is
 *         there already, -ENOENT if the range is not in one registered VMA, -ENOMEM
 *
 * Any thread. Return: bytes mapped, from the first on; fewer than @len only after an error.
 */
size_t emu_uffd_copy(int uffd, void *dst, const void *src, size_t len, int *error);

/**
 * emu_uffd_move() - move pages, without copying, to where pages are missing
 * @dst:   registered memory, page-aligned
 * @src:   registered memory of the same protection, page-aligned, all pages of which are there
 * @len:   bytes, a multiple of the page size
 * @error: set to 0, or to the negative errno of the first page that failed: -EBUSY if the page
 *         is pinned, -EAGAIN if the kernel went on using the page through several attempts
 *
 * Any thread. Return: bytes moved, from the first on; fewer than @len only after an error.
 */
size_t emu_uffd_move(int uffd, void *dst, const void *src, size_t len, int *error);

/** emu_uffd_moves() - whether UFFDIO_MOVE works with this userfaultfd, found out by trying. */
bool emu_uffd_moves(int uffd);

#endif /* EXMAP_EMU_UFFD_H */
