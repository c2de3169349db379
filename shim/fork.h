/* SPDX-License-Identifier: MIT */
/*
 * fork.h - keep the locks of the shim and of the emulator usable in a forked child
 *
 * A child gets a copy of every lock, in the state that it had at the fork. If
 * another thread held one then, nobody in the child would ever release it. So
 * the forking thread takes all locks before the fork, and both processes
 * release theirs after it.
 */
#ifndef EXMAP_SHIM_FORK_H
#define EXMAP_SHIM_FORK_H

/**
 * fork_start() - have libc's fork() call the three functions below
 *
 * Handlers that were registered first run last before a fork. That is what we
 * need: a client's own handler may wait for a thread that waits for our locks.
 *
 * Context: once, at the start of the process.
 */
void fork_start(void);

/**
 * fork_prepare() - take all locks of the shim and of the emulator
 *
 * Context: the thread that is about to fork; it holds none of these locks. It
 * must not call into the shim until fork_parent() or fork_child().
 */
void fork_prepare(void);

/** fork_parent() - release them: in the parent, or where no child was made. */
void fork_parent(void);

/** fork_child() - release them in the child, and turn on the trap in its only thread. */
void fork_child(void);

#endif /* EXMAP_SHIM_FORK_H */
