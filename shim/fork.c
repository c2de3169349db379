// SPDX-License-Identifier: MIT
/*
 * fork.c - see fork.h
 *
 * Lock order: the fd table, the rings, AIO, then the emulator's locks, which
 * emu_fork_prepare() takes.
 */

#include "shim/fork.h"

#include <pthread.h>

#include "emu/fork.h"
#include "emu/rcu.h"
#include "emu/reentry.h"
#include "shim/aio.h"
#include "shim/fdtable.h"
#include "shim/trap.h"
#include "shim/uring.h"

static void unlock_all(void)
{
	aio_unlock();
	uring_unlock();
	fdtable_unlock();
}

static void prepare(void)
{
	fdtable_hold();
	uring_lock();
	aio_lock();
	emu_fork_prepare();
}

static void parent(void)
{
	emu_fork_parent();
	unlock_all();
}

static void child(void)
{
	/*
	 * The trap comes first. liburcu restores the signal mask inside emu_fork_child()
	 * by pthread_sigmask(). A client may define that function itself, with system
	 * calls of its own, and these must be caught already.
	 */
	trap_thread_start();
	emu_fork_child();
	unlock_all();
}

bool fork_begin(void)
{
	if (!emu_may_lock() || !emu_rcu_may_wait())
		return false;
	prepare();
	return true;
}

void fork_end(bool locked, bool is_child)
{
	if (locked)
		(is_child ? child : parent)();
	else if (is_child)
		trap_thread_start();
}

/*
 * Number of fork() in progress that go on without the locks: of a handler, and of handlers that have
 * interrupted that one.
 */
static __thread unsigned int unlocked;

static void at_prepare(void)
{
	if (!fork_begin())
		unlocked++;
}

static void at_end(bool is_child)
{
	bool locked = !unlocked;

	if (!locked)
		unlocked--;
	fork_end(locked, is_child);
}

static void at_parent(void)
{
	at_end(false);
}

static void at_child(void)
{
	at_end(true);
}

void fork_start(void)
{
	pthread_atfork(at_prepare, at_parent, at_child);
}
