// SPDX-License-Identifier: MIT
/*
 * threads.c - pthread_create(), thrd_create(), _Fork() and clone()
 *
 * A new thread inherits its maker's signal mask, so also which signals it holds
 * (masks.h). The kernel does not turn the trap on in it, nor in a forked child. So
 * functions of ours run there first, do both, and call the client's.
 */

#include "shim/real.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <threads.h>

#include "emu/trace_file.h"
#include "shim/fork.h"
#include "shim/masks.h"
#include "shim/trap.h"

/**
 * struct start - what a new thread is to do
 * @run:  the client's function
 * @arg:  its argument
 * @held: signals that the thread's maker held
 */
struct start {
	union {
		void *(*posix)(void *arg);
		thrd_start_t c11;
	} run;
	void *arg;
	uint64_t held;
};

static struct start *make_start(void *arg)
{
	struct start *start = malloc(sizeof(*start));

	if (start)
		*start = (struct start){ .arg = arg, .held = masks_held() };
	return start;
}

/* The first thing in a new thread. */
static struct start take_start(void *arg)
{
	struct start start = *(struct start *)arg;

	free(arg);
	masks_thread_start(start.held);
	trap_thread_start();
	return start;
}

static void *run_posix(void *arg)
{
	struct start start = take_start(arg);

	return start.run.posix(start.arg);
}

static int run_c11(void *arg)
{
	struct start start = take_start(arg);

	return start.run.c11(start.arg);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
			  void *arg)
{
	struct start *start;
	int ret;

	if ((!trap_is_on && !masks_held()) || run == emu_trace_writer)
		return REAL(pthread_create)(thread, attr, run, arg);
	start = make_start(arg);
	if (!start)
		return EAGAIN;
	start->run.posix = run;
	ret = REAL(pthread_create)(thread, attr, run_posix, start);
	if (ret)
		free(start);
	return ret;
}

EXPORT int thrd_create(thrd_t *thread, thrd_start_t run, void *arg)
{
	struct start *start;
	int ret;

	if (!trap_is_on && !masks_held())
		return REAL(thrd_create)(thread, run, arg);
	start = make_start(arg);
	if (!start)
		return thrd_nomem;
	start->run.c11 = run;
	ret = REAL(thrd_create)(thread, run_c11, start);
	if (ret != thrd_success)
		free(start);
	return ret;
}

/* fork.c's handlers do not run here: _Fork() calls none. */
EXPORT pid_t _Fork(void)
{
	bool locked = fork_begin();
	pid_t pid = REAL(_Fork)();

	fork_end(locked, !pid);
	return pid;
}

/* What a process that clone() made is to do. */
struct child {
	int (*run)(void *arg);
	void *arg;
	bool locked;
};

static int run_child(void *arg)
{
	struct child child = *(struct child *)arg;

	fork_end(child.locked, true);
	return child.run(child.arg);
}

EXPORT int clone(int (*run)(void *arg), void *stack, int flags, void *arg, ...)
{
	struct child child = { .run = run, .arg = arg };
	va_list args;
	void *rest[3];
	int ret;

	va_start(args, arg);
	for (int i = 0; i < 3; i++)
		rest[i] = va_arg(args, void *);
	va_end(args);
	/* Our code cannot run in a thread that libc does not know, nor on the parent's memory. */
	if (trap_is_on && flags & CLONE_VM && !(flags & CLONE_VFORK))
		trap_warn_of_thread();
	if (!run || flags & CLONE_VM)
		return REAL(clone)(run, stack, flags, arg, rest[0], rest[1], rest[2]);
	child.locked = fork_begin();
	/* Without CLONE_VM the child gets a copy of this stack, with @child in it. */
	ret = REAL(clone)(run_child, stack, flags, &child, rest[0], rest[1], rest[2]);
	fork_end(child.locked, false);
	return ret;
}
