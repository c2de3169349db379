/* SPDX-License-Identifier: MIT */
/* hidden_fd.h - the emulator's own file descriptors, at numbers that clients do not use */
#ifndef EXMAP_EMU_HIDDEN_FD_H
#define EXMAP_EMU_HIDDEN_FD_H

#include <stdbool.h>

/** EMU_MAX_FDS - hidden fds are below this number, the kernel's default fs.nr_open. */
#define EMU_MAX_FDS (1 << 20)

/**
 * emu_hide_fd() - move an fd of the emulator to a high number, and mark it as hidden
 * @fd: an fd just opened, or a negative errno, which is returned as it is
 *
 * Clients expect the lowest free number from open(), and some close numbers that they never
 * opened. So the emulator's fds are at high numbers, and the shim's close() and the like skip
 * them. Each fd that the emulator keeps is hidden by this function or by emu_hide_copy().
 * Any thread.
 *
 * Return: the new number, or @fd itself if no high number is free.
 */
int emu_hide_fd(int fd);

/**
 * emu_hide_copy() - make a hidden duplicate of a client's fd
 * @fd: the client's fd
 *
 * Closes nothing on the way: to close any fd of a file drops all POSIX locks that the process
 * has on the file. Any thread.
 *
 * Return: the duplicate, or a negative errno.
 */
int emu_hide_copy(int fd);

/** emu_close_hidden() - close a hidden fd; a negative number is ignored. Any thread. */
void emu_close_hidden(int fd);

/** emu_fd_is_hidden() - whether the emulator, and not the client, has an fd of this number. */
bool emu_fd_is_hidden(int fd);

#endif /* EXMAP_EMU_HIDDEN_FD_H */
