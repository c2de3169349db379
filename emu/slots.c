// SPDX-License-Identifier: MIT
/* slots.c - see slots.h */

#define _GNU_SOURCE
#include "emu/slots.h"

#include <string.h>
#include <sys/mman.h>

#include "emu/advice.h"
#include "emu/counter.h"
#include "emu/options.h"
#include "emu/say.h"
#include "emu/sys.h"
#include "emu/uffd.h"

/* Costs are measured with a run of SAMPLE_PAGES and one of SAMPLE_FEW pages, several times. */
#define SAMPLE_PAGES 64
#define SAMPLE_SIZE (SAMPLE_PAGES * EXMAP_PAGE_SIZE)
#define SAMPLE_FEW 32
#define SAMPLE_ROUNDS 5

/* Bytes of address space: between the slots of two surfaces; and above slots placed otherwise. */
#define GUARD (1ull << 30)
#define GAP (64ull << 30)

/* The assumed cost of a call is at most so many times that of an undisturbed one. */
#define FIXED_MAX 32

/*
 * For a range of more pages the kernel flushes the whole TLB; for up to so many it flushes page
 * by page, which costs more for each page: tlb_single_page_flush_ceiling in arch/x86/mm/tlb.c.
 * arm64 flushes page by page for up to 512: there the costs on either side are the same.
 */
#define FLUSH_CEILING 33

/* Whether emu_slots_forbid() was called; atomic. */
static bool shared;

void emu_slots_forbid(void)
{
	if (!exmap_load(&shared) && emu_options()->verbose)
		emu_say("the program gives pages to the kernel by vmsplice() or MSG_ZEROCOPY: "
			"from now on no page is moved, but copied");
	exmap_store(&shared, true);
}

static size_t structure_size(u64 nr_frames)
{
	return sizeof(struct emu_slots) + nr_frames;
}

/* Moves @n pages; lowers @best to the ticks that took, if fewer. Return: false if MOVE failed. */
static bool time_move(struct emu_surface *s, char *dst, const char *src, u64 n, u64 *best)
{
	u64 start = emu_counter();
	int error;

	if (emu_uffd_move(s->uffd, dst, src, n << EXMAP_PAGE_SHIFT, &error) < n << EXMAP_PAGE_SHIFT)
		return false;
	*best = EXMAP_MIN(*best, emu_counter() - start);
	return true;
}

/* Return: ticks for each further page, if a call takes @one ticks for 1 page, @all for @n pages. */
static u64 slope(u64 one, u64 all, u64 n)
{
	return all > one ? (all - one) / (n - 1) : 0;
}

/* Measures COPY, MOVE and dropping in the margin. Return: false if one of them does not work. */
static bool measure(struct emu_surface *s, struct emu_slots *slots)
{
	char *a = slots->base + slots->len - 2 * SAMPLE_SIZE;
	char *b = a + SAMPLE_SIZE;
	u64 copy = ~0ull, zap = ~0ull, one = ~0ull, few = ~0ull, many = ~0ull;

	for (int i = 0; i < SAMPLE_ROUNDS; i++) {
		struct iovec range = { a, SAMPLE_SIZE };
		u64 at = EXMAP_PAGE_SIZE;
		u64 rest = SAMPLE_SIZE - (1 + SAMPLE_FEW) * EXMAP_PAGE_SIZE;
		u64 start;
		int error;

		start = emu_counter();
		if (emu_uffd_copy(s->uffd, a, s->source, SAMPLE_SIZE, &error) < SAMPLE_SIZE)
			return false;
		copy = EXMAP_MIN(copy, emu_counter() - start);
		if (!time_move(s, b, a, 1, &one) || !time_move(s, b + at, a + at, SAMPLE_FEW, &few))
			return false;
		at += SAMPLE_FEW << EXMAP_PAGE_SHIFT;
		if (emu_uffd_move(s->uffd, b + at, a + at, rest, &error) < rest ||
		    !time_move(s, a, b, SAMPLE_PAGES, &many))
			return false;
		start = emu_counter();
		if (emu_advise(s->advice_fd, &range, 1, MADV_DONTNEED))
			return false;
		zap = EXMAP_MIN(zap, emu_counter() - start);
	}
	slots->copy = copy / SAMPLE_PAGES;
	slots->zap = zap / SAMPLE_PAGES;
	slots->few = slope(one, few, SAMPLE_FEW);
	slots->many = slope(one, many, SAMPLE_PAGES);
	slots->fixed = one - EXMAP_MIN(one, slots->few);
	return true;
}

/*
 * Reserves address space for slots. A client's stray pointer into something that it has unmapped
 * must not hit a slot. So slots are at addresses where the kernel places nothing by itself, GUARD
 * bytes apart. If those are taken, as by a sanitizer, slots are below a gap of GAP bytes, which is
 * more than a client usually unmaps.
 */
static void *reserve(size_t len, struct emu_fence *fence)
{
	static u64 next = 0x200000000000;
	void *place = (void *)(uintptr_t)__atomic_fetch_add(&next, len + GUARD, __ATOMIC_RELAXED);
	char *base = emu_fence_place(place, len, 0, fence);

	if (base == place)
		return base;
	if (!emu_is_error(base))
		emu_fence_unmap(base, len, fence);
	base = emu_fence_place(NULL, len + GAP, 0, fence);
	if (emu_is_error(base))
		return emu_fence_place(NULL, len, 0, fence);
	/*
	 * The fence is behind the gap now. The first bytes of the gap take its place, and the rest
	 * of the gap is unmapped together with the old fence.
	 */
	if (fence->after)
		emu_sys(SYS_munmap, base + len + fence->after, GAP);
	else
		emu_sys(SYS_munmap, base + len, GAP);
	return base;
}

struct emu_slots *emu_slots_create(struct emu_surface *s, u64 nr_frames)
{
	size_t size = structure_size(nr_frames);
	struct emu_slots *slots;

	slots = emu_fenced_alloc(size);
	if (!slots)
		return NULL;
	slots->size = size;
	slots->len = (nr_frames << EXMAP_PAGE_SHIFT) + 2 * SAMPLE_SIZE;
	slots->base = reserve(slots->len, &slots->fence);
	if (emu_is_error(slots->base)) {
		emu_fenced_free(slots, size);
		return NULL;
	}
	slots->always = emu_options()->strategy == EMU_STRATEGY_MOVE;
	slots->chance = emu_options()->strategy == EMU_STRATEGY_MIXED;
	emu_sys(SYS_mprotect, slots->base, slots->len, PROT_READ | PROT_WRITE);
	if (emu_uffd_register(s->uffd, slots->base, slots->len) || !measure(s, slots)) {
		emu_slots_destroy(slots);
		return NULL;
	}
	for (u32 i = 0; i < EXMAP_MAX_INTERFACES; i++)
		slots->pace[i] = (struct emu_pace){ .fixed = slots->fixed, .random = i };
	emu_slots_protect(slots, s->prot);
	return slots;
}

void emu_slots_destroy(struct emu_slots *slots)
{
	if (!slots)
		return;
	emu_fence_unmap(slots->base, slots->len, &slots->fence);
	emu_fenced_free(slots, slots->size);
}

void emu_slots_protect(struct emu_slots *slots, int prot)
{
	/*
	 * The slots are PROT_READ | PROT_WRITE. MOVE requires that both sides are writable and have
	 * the same protection: validate_move_areas() in the kernel's mm/userfaultfd.c.
	 */
	slots->usable = prot == (PROT_READ | PROT_WRITE);
}

/* Return: ticks for the pages of a run, to which a call adds its fixed cost. */
static u64 pages_cost(const struct emu_slots *slots, u64 len)
{
	return len * (len > FLUSH_CEILING ? slots->many : slots->few);
}

bool emu_slots_choose(struct emu_slots *slots, u32 id, u64 len, bool from)
{
	struct emu_pace *pace = &slots->pace[id];
	u64 move = pace->fixed + pages_cost(slots, len);

	if (!slots->usable || exmap_load(&shared))
		return false;
	if (exmap_unlikely(slots->chance)) {
		pace->random = pace->random * 1664525u + 1013904223u;
		return pace->random >> 31;
	}
	/* To use a slot costs two MOVEs: one into the slot now, one out of it later. */
	if (!from)
		move *= 2;
	if (move <= len * (slots->copy + slots->zap) || slots->always)
		return true;
	/* Other threads may have ended, and MOVE be cheap again: lower the assumed cost a bit. */
	pace->fixed -= (pace->fixed - slots->fixed + 1023) / 1024;
	return false;
}

static u64 move(struct emu_surface *s, u32 id, char *dst, const char *src, u64 len)
{
	struct emu_slots *slots = s->slots;
	struct emu_pace *pace = &slots->pace[id];
	u64 start = emu_counter();
	int error;
	u64 done = emu_uffd_move(s->uffd, dst, src, len << EXMAP_PAGE_SHIFT, &error) >>
		   EXMAP_PAGE_SHIFT;
	u64 ticks = emu_counter() - start;
	u64 fixed = ticks - EXMAP_MIN(ticks, pages_cost(slots, done));

	/* One slow call, as by an interrupt, must not change the average much. */
	fixed = EXMAP_MIN(EXMAP_MAX(fixed, slots->fixed), 2 * pace->fixed);
	pace->fixed += ((s64)fixed - (s64)pace->fixed) / 8;
	pace->fixed = EXMAP_MIN(pace->fixed, FIXED_MAX * slots->fixed);
	/* The kernel refuses these pages: assume the highest cost, so that MOVE is tried rarely. */
	if (done < len)
		pace->fixed = FIXED_MAX * slots->fixed;
	return done;
}

u64 emu_slots_take(struct emu_surface *s, u32 id, u64 page, u64 frame, u64 len)
{
	u64 done = move(s, id, emu_page_address(&s->core, page), emu_slot(s->slots, frame), len);

	memset(&s->slots->slot[frame], SLOT_EMPTY, done);
	return done;
}

u64 emu_slots_keep(struct emu_surface *s, u32 id, u64 page, u64 frame, u64 len)
{
	u64 done = move(s, id, emu_slot(s->slots, frame), emu_page_address(&s->core, page), len);

	if (exmap_unlikely(!exmap_load(&s->slots->used)))
		exmap_store(&s->slots->used, true);
	memset(&s->slots->slot[frame], SLOT_RESIDENT, done);
	return done;
}
