/* SPDX-License-Identifier: MIT */
/*
 * process.h - what belongs to this process: its generation, its hidden fds
 */
#ifndef EXMAP_EMU_PROCESS_H
#define EXMAP_EMU_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * emu_generation() - a number that differs between a process and its children
 *
 * A surface belongs to the address space that mapped it [1.4]: what was mapped
 * under another number is not here. One load; works after any fork, raw
 * clone() included, because the page that holds it is wiped in the child.
 */
uint64_t emu_generation(void);

/**
 * emu_in_vfork_child() - whether this is a child that shares our memory
 *
 * Between vfork() and exec the child runs in its parent's address space but has
 * fds of its own. Costs a system call.
 */
bool emu_in_vfork_child(void);

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

/** emu_on_valgrind() - whether valgrind runs this process. */
bool emu_on_valgrind(void);

#endif /* EXMAP_EMU_PROCESS_H */
