/* SPDX-License-Identifier: MIT */
/* hidden_fd.h - file descriptors of the emulator's own, out of the client's way */
#ifndef EXMAP_EMU_HIDDEN_FD_H
#define EXMAP_EMU_HIDDEN_FD_H

#include <stdbool.h>

/** EMU_MAX_FDS - fds from here on are not the emulator's; the kernel's default limit. */
#define EMU_MAX_FDS (1 << 20)

/**
 * emu_hide_fd() - move an fd of the emulator's own out of the client's way
 * @fd: a fresh fd, or a negative errno, which is passed through
 *
 * Clients expect the lowest free number from open(), and close numbers that they
 * never opened: the fd moves up, and close() and its like leave it alone.
 *
 * Return: its new number. Every fd that the emulator keeps goes through here.
 */
int emu_hide_fd(int fd);

/**
 * emu_hide_copy() - a hidden duplicate of an fd of the client's
 *
 * One duplication and no close: closing any fd of a file would drop the POSIX
 * locks that the client has on it.
 */
int emu_hide_copy(int fd);

/** emu_close_hidden() - close an fd that emu_hide_fd() returned; negative ones are ignored. */
void emu_close_hidden(int fd);

/** emu_fd_is_hidden() - whether a number is the emulator's, not the client's. */
bool emu_fd_is_hidden(int fd);

#endif /* EXMAP_EMU_HIDDEN_FD_H */
