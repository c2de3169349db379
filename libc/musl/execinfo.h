/* SPDX-License-Identifier: MIT */
/* execinfo.h - backtrace(), which musl has not, by the compiler's unwinder */
#ifndef EXMAP_LIBC_EXECINFO_H
#define EXMAP_LIBC_EXECINFO_H

#include <unwind.h>

struct backtrace {
	void **pc;
	int size;
	int n;
};

static inline _Unwind_Reason_Code backtrace_add(struct _Unwind_Context *context, void *arg)
{
	struct backtrace *to = arg;

	if (to->n == to->size)
		return _URC_END_OF_STACK;
	to->pc[to->n++] = (void *)_Unwind_GetIP(context);
	return _URC_NO_REASON;
}

static inline int backtrace(void **pc, int size)
{
	struct backtrace to = { pc, size, 0 };

	_Unwind_Backtrace(backtrace_add, &to);
	return to.n;
}

#endif /* EXMAP_LIBC_EXECINFO_H */
