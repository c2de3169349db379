// SPDX-License-Identifier: MIT
/*
 * real.c - see real.h
 *
 * dlsym() may call malloc(), and malloc() may call mmap(), which is the shim's. So
 * while a look-up is in progress, the memory calls are plain system calls.
 */

#include "shim/real.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "emu/say.h"
#include "emu/sys.h"
#include "shim/libc_result.h"

void *real_functions[NR_REAL_FUNCTIONS];

static const char *const names[] = {
#define X(name) #name,
	REAL_FUNCTIONS(X)
#undef X
};

/* Whether this thread is inside dlsym(). */
static __thread int resolving __attribute__((tls_model("initial-exec")));

static void *early_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return libc_result_address((void *)emu_sys(SYS_mmap, addr, len, prot, flags, fd, offset));
}

static int early_munmap(void *addr, size_t len)
{
	return libc_result(emu_sys(SYS_munmap, addr, len));
}

static int early_mprotect(void *addr, size_t len, int prot)
{
	return libc_result(emu_sys(SYS_mprotect, addr, len, prot));
}

static int early_madvise(void *addr, size_t len, int advice)
{
	return libc_result(emu_sys(SYS_madvise, addr, len, advice));
}

static void *early_mremap(void *addr, size_t len, size_t new_len, int flags, ...)
{
	va_list args;
	void *new_addr;

	va_start(args, flags);
	new_addr = va_arg(args, void *);
	va_end(args);
	return libc_result_address(
		(void *)emu_sys(SYS_mremap, addr, len, new_len, flags, new_addr));
}

/* What stands for a function while a look-up is in progress. */
static void *early(enum real_function which)
{
	switch (which) {
	case REAL_mmap:
		return early_mmap;
	case REAL_munmap:
		return early_munmap;
	case REAL_mprotect:
		return early_mprotect;
	case REAL_madvise:
		return early_madvise;
	case REAL_mremap:
		return early_mremap;
	default:
		emu_say("%s() was called while libc's is looked up, by a library that replaces "
			"malloc(); run without that library",
			names[which]);
		abort();
	}
}

void *real_resolve(enum real_function which)
{
	void *function;

	if (resolving)
		return early(which);
	resolving = 1;
	function = dlsym(RTLD_NEXT, names[which]);
	resolving = 0;
	if (!function) {
		emu_say("this libc has no %s(); use glibc 2.35 or newer", names[which]);
		abort();
	}
	__atomic_store_n(&real_functions[which], function, __ATOMIC_RELAXED);
	return function;
}

void real_resolve_all(void)
{
	resolving = 1;
	for (int i = 0; i < NR_REAL_FUNCTIONS; i++) {
		if (!__atomic_load_n(&real_functions[i], __ATOMIC_RELAXED))
			__atomic_store_n(&real_functions[i], dlsym(RTLD_NEXT, names[i]),
					 __ATOMIC_RELAXED);
	}
	resolving = 0;
}
