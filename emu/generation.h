/* SPDX-License-Identifier: MIT */
/* generation.h - telling a process from its forked children */
#ifndef EXMAP_EMU_GENERATION_H
#define EXMAP_EMU_GENERATION_H

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

#endif /* EXMAP_EMU_GENERATION_H */
