// SPDX-License-Identifier: MIT
/*
 * bare_guard.c - backend bare-guard: the system calls of strategy=guard, and no more
 *
 * A lower bound for what that strategy can reach. All pages of the working sets are guarded at
 * first.
 */

#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "emu/uapi.h"

/* Set by open(), before there are threads, and then constant. */
static int fd;
static char *base;

static bool guard_open(const struct plan *plan, size_t pages)
{
	if (plan->file)
		fd = file_open(plan, O_RDONLY | O_DIRECT);
	base = map_memory(pages);
	return !madvise(base, pages * PAGE, MADV_GUARD_INSTALL);
}

static void guard_begin(struct worker *w)
{
	w->base = base;
}

/* Advice on all pages of the round, by one call. */
static void advise(const struct worker *w, int advice)
{
	struct iovec iov[MAX_BATCH];
	size_t bytes = 0;
	int n = 0;
	int len;

	for (int i = 0; i < w->got; i += len, n++) {
		len = page_neighbours(w, i, MAX_BATCH);
		iov[n] = (struct iovec){ page_address(w, i), len * PAGE };
		bytes += len * PAGE;
	}
	if (syscall(SYS_process_madvise, PIDFD_SELF, iov, n, advice, 0) != (ssize_t)bytes)
		die("process_madvise");
}

static void guard_alloc(struct worker *w)
{
	advise(w, MADV_GUARD_REMOVE);
	advise(w, MADV_POPULATE_WRITE);
}

static void guard_read(struct worker *w)
{
	int max = w->plan->pattern == PAGE_READ ? 1 : MAX_BATCH;
	int len;

	for (int i = 0; i < w->got; i += len) {
		char *page = page_address(w, i);

		len = page_neighbours(w, i, max);
		madvise(page, len * PAGE, MADV_GUARD_REMOVE);
		if (pread(fd, page, len * PAGE, page - base) != len * (ssize_t)PAGE)
			die("pread");
	}
}

/* Several ranges are dropped first: that takes one TLB flush, while each guard takes one. */
static void guard_free(struct worker *w)
{
	if (page_neighbours(w, 0, MAX_BATCH) < w->got)
		advise(w, MADV_DONTNEED);
	advise(w, MADV_GUARD_INSTALL);
}

const struct backend bare_guard_backend = {
	.name = "bare-guard",
	.open = guard_open,
	.begin = guard_begin,
	.alloc = guard_alloc,
	.read = guard_read,
	.free = guard_free,
};
