// SPDX-License-Identifier: MIT
/* old_calls.c - see old_calls.h: arm64 has none of them, but a clone() that is fork() */

#include "shim/real.h"
#include "shim/old_calls.h"

#include <sys/syscall.h>

bool old_calls_serve(long nr, const struct syscall_args *x, long *ret)
{
	/* Any other clone() shares something, or has a stack of its own. */
	if (nr != SYS_clone || x->a != SIGCHLD || x->b)
		return false;
	*ret = _Fork();
	return true;
}
