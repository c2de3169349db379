// SPDX-License-Identifier: MIT
/* fork.c - see fork.h */

#include "shim/fork.h"

#include <pthread.h>

#include "emu/fork.h"
#include "shim/aio.h"
#include "shim/fdtable.h"
#include "shim/trap.h"
#include "shim/uring.h"

void fork_prepare(void)
{
	fdtable_hold();
	uring_lock();
	aio_lock();
	emu_fork_prepare();
}

void fork_parent(void)
{
	emu_fork_parent();
	aio_unlock();
	uring_unlock();
	fdtable_unlock();
}

void fork_child(void)
{
	/* First, as the mask that the child gets back may come by way of the client's functions. */
	trap_thread_start();
	emu_fork_child();
	aio_unlock();
	uring_unlock();
	fdtable_unlock();
}

void fork_start(void)
{
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}
