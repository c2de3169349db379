/* SPDX-License-Identifier: MIT */
/* fork.h - keep the shim and the emulator whole across fork() */
#ifndef EXMAP_SHIM_FORK_H
#define EXMAP_SHIM_FORK_H

/**
 * fork_start() - have libc's fork() call what follows; at the start of the process
 *
 * Early, so that ours come last before a fork: a client's own handlers may wait
 * for threads of theirs, which may want our locks.
 */
void fork_start(void);

/* No lock of ours is held while forking. */
void fork_prepare(void);
void fork_parent(void);
void fork_child(void);

#endif /* EXMAP_SHIM_FORK_H */
