// SPDX-License-Identifier: MIT
/* advice.c - see advice.h */

#define _GNU_SOURCE
#include "emu/advice.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>
#include <valgrind/valgrind.h>

#include "emu/hidden_fd.h"
#include "emu/memcheck.h"
#include "emu/sys.h"
#include "emu/uapi.h"

static char *map_page(void)
{
	char *page = (char *)emu_sys(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (emu_is_error(page))
		return NULL;
	/* Under mlockall(MCL_FUTURE) it is locked, and then the kernel neither drops nor guards it. */
	emu_sys(SYS_munlock, page, 4096);
	return page;
}

static bool works(int pidfd)
{
	char *page = map_page();
	struct iovec range = { page, 4096 };
	bool works = false;

	if (!page)
		return false;
	*(volatile char *)page = 1;
	if (emu_sys(SYS_process_madvise, pidfd, &range, 1, MADV_DONTNEED, 0) == 4096)
		works = *(volatile char *)page == 0;
	emu_sys(SYS_munmap, page, 4096);
	return works;
}

int emu_advice_fd(void)
{
	int pidfd;

	/* Valgrind 3.19 does not know the system call. */
	if (emu_on_valgrind())
		return EMU_NOT_VECTORED;
	if (works(PIDFD_SELF))
		return PIDFD_SELF;
	pidfd = emu_hide_fd(emu_sys(SYS_pidfd_open, emu_sys(SYS_getpid), 0));
	if (pidfd >= 0) {
		if (works(pidfd))
			return pidfd;
		emu_close_hidden(pidfd);
	}
	return EMU_NOT_VECTORED;
}

static long past_valgrind(long tid, long addr, long len, long advice)
{
	(void)tid;
	return emu_sys(SYS_madvise, addr, len, advice);
}

/*
 * Valgrind 3.27 keeps a list of guarded ranges, of 500 by default, and dies if there are more. To
 * client and memcheck a guarded page is what the marks of memcheck.h say. So valgrind is not told.
 */
static long madvise_one(const struct iovec *range, int advice)
{
	if ((advice == MADV_GUARD_INSTALL || advice == MADV_GUARD_REMOVE) && emu_on_valgrind())
		return VALGRIND_NON_SIMD_CALL3(past_valgrind, range->iov_base, range->iov_len,
					       advice);
	return emu_sys(SYS_madvise, range->iov_base, range->iov_len, advice);
}

static int advise_one(const struct iovec *range, int advice)
{
	long ret = madvise_one(range, advice);

	/* EINVAL: the client has locked the memory, as by mlockall(). */
	if (ret == -EINVAL && advice == MADV_DONTNEED)
		ret = emu_sys(SYS_madvise, range->iov_base, range->iov_len, MADV_DONTNEED_LOCKED);
	return ret;
}

int emu_advise(int pidfd, struct iovec *ranges, size_t n, int advice)
{
	int error = 0;

	while (n > 1 && pidfd != EMU_NOT_VECTORED) {
		long done = emu_sys(SYS_process_madvise, pidfd, ranges, n, advice, 0);

		if (done <= 0)
			break;
		n = emu_skip_bytes(&ranges, n, done);
	}
	for (size_t i = 0; i < n; i++) {
		int ret = advise_one(&ranges[i], advice);

		if (ret)
			error = ret;
	}
	return error;
}

/* Whether the kernel can store at an address. */
static bool is_writable(void *addr)
{
	return !emu_sys(SYS_clock_gettime, CLOCK_MONOTONIC, addr);
}

bool emu_guards(void)
{
	char *page = map_page();
	bool works = false;

	if (!page)
		return false;
	/* The kernel guards no locked memory, which all is after mlockall(MCL_FUTURE). */
	emu_sys(SYS_munlock, page, 4096);
	/* A kernel that takes advice it does not know must not pass: look at what the advice did. */
	if (!emu_sys(SYS_madvise, page, 4096, MADV_GUARD_INSTALL) && !is_writable(page) &&
	    !emu_sys(SYS_madvise, page, 4096, MADV_GUARD_REMOVE))
		works = is_writable(page);
	emu_sys(SYS_munmap, page, 4096);
	return works;
}
