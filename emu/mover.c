// SPDX-License-Identifier: MIT
/* mover.c - what the movers share; see mover.h */

#define _GNU_SOURCE
#include "emu/mover.h"

#include <string.h>
#include <sys/mman.h>

#include "emu/advice.h"
#include "emu/dump.h"
#include "emu/memcheck.h"
#include "emu/say.h"
#include "emu/sys.h"
#include "emu/usercopy.h"

/* Apart from emu_touch(), which without a call of its own takes few instructions. */
static __attribute__((noinline)) bool touch_blocks(struct exmap_surface *s, u64 block, u64 end)
{
	for (; block < end; block++) {
		if (exmap_block_touched(s, block))
			continue;
		emu_dump_touch(emu_surface_of(s), block);
		__atomic_fetch_or(&s->touched[block / 64], 1ULL << block % 64, __ATOMIC_RELAXED);
	}
	return true;
}

bool emu_touch(struct exmap_surface *s, u64 page, u64 len)
{
	u64 end = (page + len + EXMAP_BLOCK_PAGES - 1) / EXMAP_BLOCK_PAGES;

	for (u64 block = page / EXMAP_BLOCK_PAGES; block < end; block++) {
		if (exmap_unlikely(!exmap_block_touched(s, block)))
			return touch_blocks(s, block, end);
	}
	return true;
}

bool emu_wait(struct exmap_surface *s, u32 id, unsigned int round)
{
	(void)s, (void)id;
	exmap_wait(round);
	return true;
}

void emu_keep_run(struct exmap_surface *s, const struct exmap_run *run)
{
	for (u32 i = 0; i < run->len; i++) {
		u64 *word = &s->table[run->page + i];

		exmap_store(word, exmap_load(word) | EXMAP_WORD_PRESENT);
	}
}

u32 emu_span_ranges(const struct exmap_surface *s, const struct exmap_run *runs, u32 nr_runs,
		    struct iovec *ranges)
{
	struct exmap_run span;
	u32 i = 0;
	u32 n = 0;

	while (emu_next_span(runs, nr_runs, &i, &span)) {
		ranges[n].iov_base = emu_page_address(s, span.page);
		ranges[n++].iov_len = (size_t)span.len << EXMAP_PAGE_SHIFT;
	}
	return n;
}

size_t emu_copy_over(const struct emu_surface *s, void *to, const void *from, size_t size)
{
	bool writable = s->prot & PROT_WRITE;
	size_t left;

	emu_mark_defined(to, size);
	if (!writable && emu_sys(SYS_mprotect, to, size, PROT_READ | PROT_WRITE))
		return size;
	left = emu_copy_pages(to, from, size);
	if (!writable)
		emu_sys(SYS_mprotect, to, size, s->prot);
	return left;
}

void emu_zap_runs(struct exmap_surface *core, const struct exmap_run *runs, u32 nr_runs)
{
	struct emu_surface *s = emu_surface_of(core);
	struct iovec ranges[EXMAP_USER_INTERFACE_PAGES];
	u32 n = emu_span_ranges(core, runs, nr_runs, ranges);
	int ret = emu_advise(s->advice_fd, ranges, n, MADV_DONTNEED);

	if (exmap_likely(!ret))
		return;
	emu_say_once("FREE: the kernel refused to drop pages (%s); they stay allocated. "
		     "Does the program lock or remap the surface?",
		     strerrorname_np(-ret));
	for (u32 i = 0; i < nr_runs; i++)
		emu_keep_run(core, &runs[i]);
}
