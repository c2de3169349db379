/* SPDX-License-Identifier: MIT */
/* generation.h - telling a process from its forked children */
#ifndef EXMAP_EMU_GENERATION_H
#define EXMAP_EMU_GENERATION_H

#include <stdbool.h>
#include <stdint.h>

/**
 * emu_generation() - a number that differs between a process and its forked children
 *
 * A surface belongs to the address space that mapped it [1.4]. If the generation at that time
 * is not the present one, this process is a child and does not have the surface. The number is
 * kept in a page that the kernel wipes on fork, so it differs after a raw clone() too. Costs
 * one load. Any thread.
 */
uint64_t emu_generation(void);

/** emu_generation_page() - where the number is, the same in forked children; 0 if it has none yet. */
const uint64_t *emu_generation_page(void);

/**
 * emu_in_vfork_child() - whether the caller is a child that shares its parent's memory
 *
 * Between vfork() and exec a child runs in its parent's address space, but has fds of its own.
 * A child that closes an fd must not change the parent's tables. Costs a system call. Any thread.
 */
bool emu_in_vfork_child(void);

#endif /* EXMAP_EMU_GENERATION_H */
