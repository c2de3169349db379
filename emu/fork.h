/* SPDX-License-Identifier: MIT */
/* fork.h - keep the emulator's locks usable across fork() */
#ifndef EXMAP_EMU_FORK_H
#define EXMAP_EMU_FORK_H

/**
 * emu_fork_prepare() - for pthread_atfork(): take the process-wide locks before a fork
 *
 * So no other thread holds them at the moment of the fork, and the child gets them unlocked:
 * emu_fork_parent() and emu_fork_child() release them on either side.
 */
void emu_fork_prepare(void);
void emu_fork_parent(void);
void emu_fork_child(void);

#endif /* EXMAP_EMU_FORK_H */
