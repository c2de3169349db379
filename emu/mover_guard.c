// SPDX-License-Identifier: MIT
/*
 * mover_guard.c - pages appear and vanish by guard regions (Linux 6.13)
 *
 * For places that refuse userfaultfd, such as containers. Guarded pages raise the SIGSEGV that the
 * client expects, split no mapping, and need no privilege.
 *
 *	ALLOC  one vectored MADV_GUARD_REMOVE, one vectored MADV_POPULATE_WRITE
 *	FREE   one vectored MADV_DONTNEED if there are several spans, one vectored
 *	       MADV_GUARD_INSTALL
 *
 * Guards lie in page tables, 2 MiB of them for each GiB. So mmap() installs none: the surface is
 * PROT_NONE at first, and consists of chunks. A chunk is opened when a page of it is first wanted:
 * it gets its guards, and then its protection. Chunks side by side are one mapping if both are
 * open or both are not, so MAX_CHUNKS bounds the mappings of the surface.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "emu/advice.h"
#include "emu/backing.h"
#include "emu/device.h"
#include "emu/disturb.h"
#include "emu/hidden_fd.h"
#include "emu/memcheck.h"
#include "emu/mover.h"
#include "emu/options.h"
#include "emu/say.h"
#include "emu/sys.h"
#include "emu/uapi.h"

/* A chunk is as long as a page-table page maps, 2 MiB, or a power of two times that. */
#define MAX_CHUNKS 4096

/**
 * struct emu_chunks - which chunks of a surface are open
 * @lock:  held while a chunk is opened; behind an interface's lock, and nothing behind it
 * @shift: binary logarithm of a chunk's number of pages; constant
 * @open:  whether chunk i is open; written under @lock. mprotect() reads it while calls are stopped.
 */
struct emu_chunks {
	pthread_mutex_t lock;
	unsigned int shift;
	bool open[MAX_CHUNKS];
};

static int guard_prepare(struct emu_surface *s)
{
	struct emu_chunks *chunks;

	if (!emu_guards())
		return -ENOSYS;
	chunks = emu_fenced_alloc(sizeof(*chunks));
	if (!chunks)
		return -ENOMEM;
	pthread_mutex_init(&chunks->lock, NULL);
	chunks->shift = __builtin_ctz(EXMAP_BLOCK_PAGES);
	while (s->core.nr_pages > (u64)MAX_CHUNKS << chunks->shift)
		chunks->shift++;
	s->chunks = chunks;
	s->advice_fd = emu_advice_fd();
	return 0;
}

static void guard_release(struct emu_surface *s)
{
	emu_fenced_free(s->chunks, sizeof(*s->chunks));
	emu_close_hidden(s->advice_fd);
}

/* Sets *addr and *len to the memory of chunks @chunk to @end - 1. */
static void chunk_range(const struct emu_surface *s, u64 chunk, u64 end, void **addr, size_t *len)
{
	u64 page = chunk << s->chunks->shift;

	*addr = emu_page_address(&s->core, page);
	*len = (EXMAP_MIN(end << s->chunks->shift, s->core.nr_pages) - page) << EXMAP_PAGE_SHIFT;
}

static int guard_protect(struct emu_surface *s, int prot)
{
	const struct emu_chunks *chunks = s->chunks;
	u64 end = 0;

	for (u64 chunk = 0; chunk < MAX_CHUNKS; chunk = end + 1) {
		size_t len;
		void *addr;
		long ret;

		for (end = chunk; end < MAX_CHUNKS && chunks->open[end]; end++)
			;
		if (end == chunk)
			continue;
		chunk_range(s, chunk, end, &addr, &len);
		ret = emu_sys(SYS_mprotect, addr, len, prot);
		if (ret)
			return ret;
	}
	return 0;
}

/* Installs guards. Pages that are there are dropped, and a racing access cannot bring them back. */
static int install(struct emu_surface *s, struct iovec *ranges, u32 n)
{
	struct iovec copy[EXMAP_USER_INTERFACE_PAGES];
	int ret;

	memcpy(copy, ranges, n * sizeof(copy[0]));
	ret = emu_advise(s->advice_fd, copy, n, MADV_GUARD_INSTALL);
	if (exmap_likely(ret != -EINVAL))
		return ret;
	/* The client has locked the surface, as by mlockall(). The kernel guards no locked memory. */
	emu_sys(SYS_munlock, emu_page_address(&s->core, 0), s->len);
	return emu_advise(s->advice_fd, ranges, n, MADV_GUARD_INSTALL);
}

/* chunks->lock held. */
static int open_chunk(struct emu_surface *s, u64 chunk)
{
	struct iovec range;
	int ret;

	if (s->chunks->open[chunk])
		return 0;
	chunk_range(s, chunk, chunk + 1, &range.iov_base, &range.iov_len);
	ret = install(s, &range, 1);
	/* Guards come first: no page of the chunk is accessible at any moment. */
	if (!ret)
		ret = emu_sys(SYS_mprotect, range.iov_base, range.iov_len, s->prot);
	if (ret)
		emu_say_once("ALLOC or READ: no memory for page tables, or no mapping left (error "
			     "%d); answering ENOMEM. Use a smaller surface, or raise "
			     "vm.max_map_count",
			     -ret);
	else
		s->chunks->open[chunk] = true;
	return ret;
}

/* The prepare op. Takes the lock only for blocks that no page was used of yet. */
static bool open_chunks(struct exmap_surface *core, u64 page, u64 len)
{
	struct emu_surface *s = emu_surface_of(core);
	struct emu_chunks *chunks = s->chunks;
	u64 end = (page + len + EXMAP_BLOCK_PAGES - 1) / EXMAP_BLOCK_PAGES;
	int ret = 0;

	for (u64 block = page / EXMAP_BLOCK_PAGES; !ret && block < end; block++) {
		if (exmap_likely(exmap_block_touched(core, block)))
			continue;
		pthread_mutex_lock(&chunks->lock);
		ret = open_chunk(s, block * EXMAP_BLOCK_PAGES >> chunks->shift);
		pthread_mutex_unlock(&chunks->lock);
	}
	return !ret && emu_touch(core, page, len);
}

/*
 * The kernel could not populate all of a batch. Populates it span by span up to the first that
 * fails, and installs the guards of that span and the rest again. Return: pages that stay.
 */
static u64 populate_front(struct emu_surface *s, const struct exmap_run *runs, u32 nr_runs)
{
	struct iovec ranges[EXMAP_USER_INTERFACE_PAGES];
	u32 n = emu_span_ranges(&s->core, runs, nr_runs, ranges);
	u64 bytes = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		struct iovec range = ranges[i];

		if (emu_advise(s->advice_fd, &range, 1, MADV_POPULATE_WRITE))
			break;
		bytes += ranges[i].iov_len;
	}
	if (i < n) {
		emu_say_once("ALLOC: the kernel has no memory for more pages; answering ENOMEM");
		install(s, &ranges[i], n - i);
	}
	return bytes >> EXMAP_PAGE_SHIFT;
}

static u64 guard_map(struct exmap_surface *core, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	struct emu_surface *s = emu_surface_of(core);
	struct iovec ranges[EXMAP_USER_INTERFACE_PAGES];
	u32 n = emu_span_ranges(core, runs, nr_runs, ranges);
	bool writable = s->prot & PROT_WRITE;
	u64 mapped = 0;

	(void)id;
	for (u32 i = 0; i < n; i++) {
		emu_mark_undefined(ranges[i].iov_base, ranges[i].iov_len);
		mapped += ranges[i].iov_len >> EXMAP_PAGE_SHIFT;
	}
	emu_advise(s->advice_fd, ranges, n, MADV_GUARD_REMOVE);
	if (!writable)
		return mapped;
	n = emu_span_ranges(core, runs, nr_runs, ranges);
	/* A page that is populated here costs less than one whose first access faults. */
	if (exmap_unlikely(emu_advise(s->advice_fd, ranges, n, MADV_POPULATE_WRITE)))
		mapped = populate_front(s, runs, nr_runs);
	if (emu_options()->junk) {
		u64 left = mapped << EXMAP_PAGE_SHIFT;

		n = emu_span_ranges(core, runs, nr_runs, ranges);
		for (u32 i = 0; i < n && left; left -= ranges[i++].iov_len) {
			memset(ranges[i].iov_base, EMU_JUNK, ranges[i].iov_len);
			emu_mark_undefined(ranges[i].iov_base, ranges[i].iov_len);
		}
	}
	return mapped;
}

static void guard_unmap(struct exmap_surface *core, u32 id, const struct exmap_run *runs,
			u32 nr_runs)
{
	struct emu_surface *s = emu_surface_of(core);
	struct iovec ranges[EXMAP_USER_INTERFACE_PAGES];
	u32 n = emu_span_ranges(core, runs, nr_runs, ranges);
	int ret;

	(void)id;
	for (u32 i = 0; emu_marks() && i < n; i++)
		emu_mark_noaccess(ranges[i].iov_base, ranges[i].iov_len);
	/*
	 * MADV_GUARD_INSTALL drops pages with a TLB flush for each range; vectored MADV_DONTNEED
	 * with one for all (Linux 6.16).
	 */
	if (n > 1) {
		emu_advise(s->advice_fd, ranges, n, MADV_DONTNEED);
		n = emu_span_ranges(core, runs, nr_runs, ranges);
	}
	ret = install(s, ranges, n);
	if (exmap_likely(!ret))
		return;
	emu_say_once("FREE: the kernel refused to guard pages (%s); they stay allocated. "
		     "Does the program remap the surface?",
		     strerrorname_np(-ret));
	n = emu_span_ranges(core, runs, nr_runs, ranges);
	emu_advise(s->advice_fd, ranges, n, MADV_GUARD_REMOVE);
	/* The page of an ended shadow is EMPTY to core/, so the next ALLOC must find zeroes there. */
	n = emu_span_ranges(core, runs, nr_runs, ranges);
	emu_advise(s->advice_fd, ranges, n, MADV_DONTNEED);
	for (u32 i = 0; i < nr_runs; i++)
		emu_keep_run(core, &runs[i]);
}

/* Makes the pages accessible and reads straight into them; the kernel faults them in. */
static s64 guard_fill(struct exmap_surface *core, u32 id, u64 page, u32 len)
{
	struct emu_surface *s = emu_surface_of(core);
	char *addr = emu_page_address(core, page);
	size_t want = (size_t)len << EXMAP_PAGE_SHIFT;
	struct exmap_run run = { .page = page, .len = len };
	struct iovec range = { addr, want };
	bool writable = s->prot & PROT_WRITE;
	size_t full = 0;
	s64 ret = -ENOMEM;

	emu_mark_undefined(addr, want);
	if (writable || !emu_sys(SYS_mprotect, addr, want, PROT_READ | PROT_WRITE)) {
		emu_advise(s->advice_fd, &range, 1, MADV_GUARD_REMOVE);
		range = (struct iovec){ addr, want };
		ret = emu_backing_read(s->dev->backing_fd, &range, 1, page << EXMAP_PAGE_SHIFT);
	}
	if (ret > 0) {
		full = emu_pages_len(ret);
		memset(addr + ret, 0, full - ret);
		emu_mark_defined(addr, full);
	}
	if (!writable && emu_sys(SYS_mprotect, addr, want, s->prot)) {
		ret = -ENOMEM;
		full = 0;
	}
	if (full < want) {
		run.page += full >> EXMAP_PAGE_SHIFT;
		run.len -= full >> EXMAP_PAGE_SHIFT;
		guard_unmap(core, id, &run, 1);
	}
	return ret;
}

const struct emu_mover emu_mover_guard = {
	.name = "guard",
	.ops = { .prepare = open_chunks,
		 .map = guard_map,
		 .unmap = guard_unmap,
		 .wait = emu_wait,
		 .fill = guard_fill,
		 .fetch = emu_fetch,
		 .store = emu_store,
		 .shadow = emu_shadow,
		 .unshadow = guard_unmap },
	.prepare = guard_prepare,
	.protect = guard_protect,
	.release = guard_release,
};
