/* SPDX-License-Identifier: MIT */
/* fork.h - keep the emulator whole across fork() */
#ifndef EXMAP_EMU_FORK_H
#define EXMAP_EMU_FORK_H

/** emu_fork_prepare() - for pthread_atfork(): no lock of ours is held while forking. */
void emu_fork_prepare(void);
void emu_fork_parent(void);
void emu_fork_child(void);

#endif /* EXMAP_EMU_FORK_H */
