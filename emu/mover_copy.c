// SPDX-License-Identifier: MIT
/*
 * mover_copy.c - pages appear by UFFDIO_COPY and vanish by MADV_DONTNEED
 *
 * The surface is private anonymous memory registered with a userfaultfd. A frame is the right to
 * have one page resident: the kernel allocates the page when it is copied in, and frees it when
 * it is dropped. ALLOC costs one ioctl for each span of neighbouring pages. FREE costs one system
 * call and one TLB flush for all of its vectors, where the kernel has vectored MADV_DONTNEED.
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
#include "emu/uffd.h"

#define SOURCE_SIZE (EMU_SOURCE_PAGES * EXMAP_PAGE_SIZE)
/* Fresh pages are copies of this; set once by make_source(), then constant. */
static const char *source;

/*
 * Unless junk=1, @source is never written: all its EMU_SOURCE_PAGES pages are the kernel's one
 * page of zeroes, which stays in the CPU's cache.
 */
static void make_source(void)
{
	void *memory = (void *)emu_sys(SYS_mmap, NULL, SOURCE_SIZE, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (emu_is_error(memory))
		return;
	emu_sys(SYS_madvise, memory, SOURCE_SIZE, MADV_NOHUGEPAGE);
	if (emu_options()->junk)
		memset(memory, EMU_JUNK, SOURCE_SIZE);
	emu_sys(SYS_mprotect, memory, SOURCE_SIZE, PROT_READ);
	/* UFFDIO_COPY first tries to read with page faults off, so map the pages now. */
	for (size_t i = 0; i < SOURCE_SIZE; i += EXMAP_PAGE_SIZE)
		(void)*((volatile char *)memory + i);
	source = memory;
}

int emu_copy_prepare(struct emu_surface *s)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int ret;

	pthread_once(&once, make_source);
	if (!source)
		return -ENOMEM;
	s->source = source;
	s->uffd = emu_uffd_open();
	if (s->uffd < 0)
		return s->uffd;
	ret = emu_uffd_register(s->uffd, emu_page_address(&s->core, 0), s->len);
	if (ret) {
		emu_close_hidden(s->uffd);
		s->uffd = -1;
		return ret;
	}
	s->advice_fd = emu_advice_fd();
	return 0;
}

void emu_copy_release(struct emu_surface *s)
{
	emu_close_hidden(s->uffd);
	emu_close_hidden(s->advice_fd);
	s->uffd = s->advice_fd = -1;
}

int emu_copy_protect(struct emu_surface *s, int prot)
{
	return emu_sys(SYS_mprotect, emu_page_address(&s->core, 0), s->len, prot);
}

/*
 * UFFDIO_COPY says EEXIST if something is mapped at a page that should be missing, as another
 * userfaultfd of the process may have done. It is dropped, and the copy tried again. The caller
 * drops each page once only, because advice does not remove everything.
 */
static void drop_page(struct emu_surface *s, char *page)
{
	struct iovec range = { page, EXMAP_PAGE_SIZE };

	emu_advise(s->advice_fd, &range, 1, MADV_DONTNEED);
}

size_t emu_copy_in(struct emu_surface *s, u64 page, const char *src, size_t len)
{
	char *dst = emu_page_address(&s->core, page);
	size_t dropped = len;
	size_t unit = len;
	size_t done = 0;

	while (done < len) {
		int error;

		done += emu_uffd_copy(s->uffd, dst + done, src + done, EXMAP_MIN(unit, len - done),
				      &error);
		if (!error)
			continue;
		/*
		 * ENOENT: the range crosses from one VMA to another, as the client's madvise() may
		 * have split the mapping. Page by page no copy crosses.
		 */
		if (error == -ENOENT && unit > EXMAP_PAGE_SIZE) {
			unit = EXMAP_PAGE_SIZE;
			continue;
		}
		if (error == -EEXIST && dropped != done) {
			dropped = done;
			drop_page(s, dst + done);
			continue;
		}
		emu_say_once("ALLOC or READ: UFFDIO_COPY failed (%s); answering ENOMEM. Is "
			     "memory exhausted, or the surface remapped or filled behind our back?",
			     strerrorname_np(-error));
		break;
	}
	return done;
}

u64 emu_copy_fresh(struct emu_surface *s, u64 page, u64 len)
{
	u64 done = 0;

	emu_mark_undefined(emu_page_address(&s->core, page), len << EXMAP_PAGE_SHIFT);
	while (done < len) {
		u64 chunk = EXMAP_MIN(len - done, (u64)EMU_SOURCE_PAGES);
		u64 got = emu_copy_in(s, page + done, s->source, chunk << EXMAP_PAGE_SHIFT) >>
			  EXMAP_PAGE_SHIFT;

		done += got;
		if (got < chunk)
			break;
	}
	return done;
}

static u64 copy_map(struct exmap_surface *core, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	struct emu_surface *s = emu_surface_of(core);
	struct exmap_run span;
	u64 mapped = 0;
	u32 i = 0;

	(void)id;
	while (emu_next_span(runs, nr_runs, &i, &span)) {
		u64 got = emu_copy_fresh(s, span.page, span.len);

		mapped += got;
		if (got < span.len)
			break;
	}
	return mapped;
}

void emu_copy_unmap(struct exmap_surface *core, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	(void)id;
	/* Mark before the pages are dropped: the mark must not come after a later ALLOC's. */
	for (u32 i = 0; emu_marks() && i < nr_runs; i++)
		emu_mark_noaccess(emu_page_address(core, runs[i].page),
				  (size_t)runs[i].len << EXMAP_PAGE_SHIFT);
	emu_zap_runs(core, runs, nr_runs);
}

/*
 * READ of at most as many pages as the bounce buffer holds: into the buffer, then by UFFDIO_COPY
 * into the surface. So no thread sees a page before it has its content. The buffer stays in the
 * CPU's cache, and the copy costs no more than zeroing the page would.
 */
static s64 copy_read(struct emu_surface *s, u32 id, u64 page, u64 len)
{
	char *bounce = emu_bounce(s, id);
	struct iovec range = { bounce, len << EXMAP_PAGE_SHIFT };
	s64 ret = emu_backing_read(s->dev->backing_fd, &range, 1, page << EXMAP_PAGE_SHIFT);
	size_t full;

	if (ret <= 0)
		return ret;
	full = emu_pages_len(ret);
	memset(bounce + ret, 0, full - ret);
	emu_mark_defined(emu_page_address(&s->core, page), full);
	return emu_copy_in(s, page, bounce, full) < full ? -ENOMEM : ret;
}

static s64 copy_fill(struct exmap_surface *core, u32 id, u64 page, u32 len)
{
	struct emu_surface *s = emu_surface_of(core);
	struct exmap_run run = { .page = page };
	s64 done = 0;
	s64 ret = 0;

	while (run.len < len) {
		u32 chunk = EXMAP_MIN(len - run.len, EMU_BOUNCE_SIZE / EXMAP_PAGE_SIZE);

		ret = copy_read(s, id, page + run.len, chunk);
		if (ret < 0) {
			/* Some pages of this chunk may be mapped: unmap it with those before it. */
			run.len += chunk;
			emu_copy_unmap(core, id, &run, 1);
			return ret;
		}
		done += ret;
		run.len += chunk;
		if ((u64)ret < (u64)chunk << EXMAP_PAGE_SHIFT)
			break;
	}
	return done;
}

const struct emu_mover emu_mover_copy = {
	.name = "copy",
	.ops = { .prepare = emu_touch,
		 .map = copy_map,
		 .unmap = emu_copy_unmap,
		 .wait = emu_wait,
		 .fill = copy_fill,
		 .fetch = emu_fetch,
		 .store = emu_store,
		 .shadow = emu_shadow,
		 .unshadow = emu_copy_unmap },
	.prepare = emu_copy_prepare,
	.protect = emu_copy_protect,
	.release = emu_copy_release,
};
