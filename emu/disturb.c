// SPDX-License-Identifier: MIT
/* disturb.c - see disturb.h */

#define _GNU_SOURCE
#include "emu/disturb.h"

#include <sys/mman.h>

#include "emu/backing.h"
#include "emu/inject.h"
#include "emu/options.h"
#include "emu/usercopy.h"
#include "emu/yield.h"

static const struct exmap_surface_ops *mover_of(struct exmap_surface *s)
{
	return &emu_surface_of(s)->mover->ops;
}

/*
 * Overwrites pages that are about to be freed. What still shows a page later shows the pattern: a
 * reference that the kernel holds, for I/O in flight; under move the frame's slot, and the next page
 * that the frame is mapped at. On a surface that is not writable pages stay as they are.
 *
 * If the kernel then refuses to unmap a page, it stays allocated, with the pattern.
 */
static void spoil(struct exmap_surface *core, const struct exmap_run *runs, u32 nr_runs)
{
	u64 junk[EXMAP_PAGE_SIZE / sizeof(u64)];

	if (!(emu_surface_of(core)->prot & PROT_WRITE))
		return;
	memset(junk, EMU_JUNK, sizeof(junk));
	for (u32 i = 0; i < nr_runs; i++) {
		/* The client may have dropped a page behind the emulator's back: not by a plain store. */
		for (u64 page = runs[i].page; page < runs[i].page + runs[i].len; page++)
			emu_copy_pages(emu_page_address(core, page), junk, sizeof(junk));
	}
}

static bool prepare(struct exmap_surface *s, u64 page, u64 len)
{
	return mover_of(s)->prepare(s, page, len);
}

static void order(struct exmap_surface *s, u32 *frames, u32 n)
{
	if (mover_of(s)->order && !emu_options()->shuffle)
		mover_of(s)->order(s, frames, n);
}

static u64 map(struct exmap_surface *s, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	u64 mapped;

	emu_yield(id);
	if (emu_options()->inject.nr) {
		struct exmap_injected what =
			emu_inject(emu_surface_of(s)->dev, EXMAP_INJECT_ALLOC, id, runs, nr_runs);

		mapped = exmap_inject_map(mover_of(s)->map, s, id, runs, nr_runs, what.fit);
	} else {
		mapped = mover_of(s)->map(s, id, runs, nr_runs);
	}
	emu_yield(id);
	return mapped;
}

static void unmap(struct exmap_surface *s, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	emu_yield(id);
	if (emu_options()->inject.nr)
		emu_inject(emu_surface_of(s)->dev, EXMAP_INJECT_FREE, id, runs, nr_runs);
	if (emu_options()->junk)
		spoil(s, runs, nr_runs);
	mover_of(s)->unmap(s, id, runs, nr_runs);
	emu_yield(id);
}

static bool wait(struct exmap_surface *s, u32 id, unsigned int round)
{
	return mover_of(s)->wait(s, id, round);
}

/* A mover's op that reads the backing: fill or fetch, which have one type. */
typedef s64 (*reader)(struct exmap_surface *s, u32 id, u64 page, u32 len);

/* READ of one range, by the rules of inject=. */
static s64 read_injected(reader read, struct exmap_surface *s, u32 id, u64 page, u32 len)
{
	struct exmap_run run = { .page = page, .len = len };
	struct exmap_injected what =
		emu_inject(emu_surface_of(s)->dev, EXMAP_INJECT_READ, id, &run, 1);
	/* A handler's READ of another exmap may interrupt this one, or this one may be a handler's. */
	u64 end = emu_backing_end;
	s64 bytes;

	if (what.error)
		return what.error;
	emu_backing_end =
		what.bytes == UINT64_MAX ? what.bytes : (page << EXMAP_PAGE_SHIFT) + what.bytes;
	bytes = read(s, id, page, len);
	emu_backing_end = end;
	return bytes;
}

static s64 read_disturbed(reader read, struct exmap_surface *s, u32 id, u64 page, u32 len)
{
	s64 bytes;

	emu_yield(id);
	if (emu_options()->inject.nr)
		bytes = read_injected(read, s, id, page, len);
	else
		bytes = read(s, id, page, len);
	emu_yield(id);
	return bytes;
}

static s64 fill(struct exmap_surface *s, u32 id, u64 page, u32 len)
{
	return read_disturbed(mover_of(s)->fill, s, id, page, len);
}

static s64 fetch(struct exmap_surface *s, u32 id, u64 page, u32 len)
{
	return read_disturbed(mover_of(s)->fetch, s, id, page, len);
}

static bool store(struct exmap_surface *s, u32 id, const struct exmap_run *run, u32 from)
{
	bool memory;

	emu_yield(id);
	memory = mover_of(s)->store(s, id, run, from);
	emu_yield(id);
	return memory;
}

static bool shadow(struct exmap_surface *s, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	bool memory;

	emu_yield(id);
	memory = mover_of(s)->shadow(s, id, runs, nr_runs);
	emu_yield(id);
	return memory;
}

static void unshadow(struct exmap_surface *s, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	emu_yield(id);
	mover_of(s)->unshadow(s, id, runs, nr_runs);
	emu_yield(id);
}

/* With inject= each range of a READ is an occasion. */
static bool one_by_one(const struct exmap_surface *s)
{
	(void)s;
	return emu_options()->inject.nr;
}

const struct exmap_surface_ops *emu_ops(const struct emu_surface *s)
{
	static const struct exmap_surface_ops disturbed = {
		.prepare = prepare,
		.order = order,
		.map = map,
		.unmap = unmap,
		.wait = wait,
		.fill = fill,
		.fetch = fetch,
		.store = store,
		.shadow = shadow,
		.unshadow = unshadow,
		.one_by_one = one_by_one,
	};
	const struct emu_options *options = emu_options();

	/* A new op belongs into the table, too. */
	_Static_assert(sizeof(disturbed) == 11 * sizeof(void (*)(void)), "an op is not disturbed");
	if (options->yield || options->junk || options->shuffle || options->inject.nr)
		return &disturbed;
	return &s->mover->ops;
}
