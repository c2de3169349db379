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

#include <stdbool.h>

/**
 * fork_start() - have libc's fork() take these locks before, and release them after
 *
 * Handlers that were registered first run last before a fork. That is what we
 * need: a client's own handler may wait for a thread that waits for our locks.
 *
 * Context: once, at the start of the process.
 */
void fork_start(void);

/**
 * fork_begin() - take all locks of the shim and of the emulator, before a fork
 *
 * A signal handler may fork in the middle of a call of its own thread. It would wait for
 * ever for the locks that the call holds, so it takes none, and the child has them in the
 * state that they were in.
 *
 * Context: the thread that is about to fork. It must not call into the shim until
 * fork_end().
 * Return: whether the locks were taken, for fork_end().
 */
bool fork_begin(void);

/**
 * fork_end() - release them, and turn on the trap in a child's only thread
 * @locked:   fork_begin()'s answer
 * @is_child: the caller is the child; false in the parent, or where no child was made
 */
void fork_end(bool locked, bool is_child);

#endif /* EXMAP_SHIM_FORK_H */
