// SPDX-License-Identifier: MIT
/* old_calls.c - see old_calls.h: x86-64 has them all */

#include "shim/real.h"
#include "shim/old_calls.h"

#include <sys/syscall.h>

bool old_calls_serve(long nr, const struct syscall_args *x, long *ret)
{
	switch (nr) {
	case SYS_open:
		*ret = open((char *)x->a, x->b, x->c);
		return true;
	case SYS_creat:
		*ret = creat((char *)x->a, x->b);
		return true;
	case SYS_dup2:
		*ret = dup2(x->a, x->b);
		return true;
	case SYS_stat:
		*ret = stat((char *)x->a, (struct stat *)x->b);
		return true;
	case SYS_lstat:
		*ret = lstat((char *)x->a, (struct stat *)x->b);
		return true;
	case SYS_access:
		*ret = access((char *)x->a, x->b);
		return true;
	/*
	 * Of the calls that make a process, its child alone has its parent's stack: for no other can
	 * a function stand.
	 */
	case SYS_fork:
		*ret = _Fork();
		return true;
	}
	return false;
}
