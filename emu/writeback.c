// SPDX-License-Identifier: MIT
/* writeback.c - see writeback.h */

#include "emu/writeback.h"

#include "emu/backing.h"
#include "emu/backtrace.h"
#include "emu/mover.h"
#include "emu/say.h"
#include "emu/usercopy.h"

#define MAX_SAID 10

/* Whether a page is allocated and has another content than the backing, which ends with zeroes. */
static bool differs(const struct emu_surface *s, u32 id, u64 page)
{
	char *written = emu_bounce(s, id);
	char *held = written + EXMAP_PAGE_SIZE;
	struct iovec range = { written, EXMAP_PAGE_SIZE };
	s64 got;

	if (!exmap_block_touched(&s->core, page / EXMAP_BLOCK_PAGES) ||
	    !exmap_is_present(exmap_load(&s->core.table[page])) ||
	    emu_usercopy(held, emu_page_address(&s->core, page), EXMAP_PAGE_SIZE))
		return false;
	got = emu_backing_read(s->dev->backing_fd, &range, 1, page << EXMAP_PAGE_SHIFT);
	if (got < 0)
		return false;
	memset(written + got, 0, EXMAP_PAGE_SIZE - got);
	return memcmp(written, held, EXMAP_PAGE_SIZE);
}

static void say(u32 vec, u64 page)
{
	static u32 said;
	struct emu_stack stack;

	if (__atomic_fetch_add(&said, 1, __ATOMIC_RELAXED) >= MAX_SAID)
		return;
	emu_say("FREE: vector %u: page %llu differs from the backing: a change of it is lost, unless "
		"it is a temporary page",
		vec, (unsigned long long)page);
	emu_backtrace(&stack);
	emu_backtrace_print(&stack, false);
}

void emu_check_writeback(const struct exmap_call *call, const struct exmap_iov *iov, u32 n)
{
	const struct emu_surface *s = emu_surface_of(call->s);

	for (u32 i = 0; s->dev->backing_fd >= 0 && i < n; i++) {
		if (!exmap_in_surface(call->s, iov[i].page, iov[i].len))
			continue;
		for (u64 page = iov[i].page; page < iov[i].page + iov[i].len; page++) {
			if (differs(s, call->ifc->id, page))
				say(i, page);
		}
	}
}
