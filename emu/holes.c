// SPDX-License-Identifier: MIT
/* holes.c - see holes.h */

#include "emu/holes.h"

#include "emu/fence.h"

/* The lower bit of each pair in a word. */
#define LOWER 0x5555555555555555ULL

/**
 * struct emu_holes
 * @len:   bytes of the structure, and of @words behind it; constant
 * @count: what is counted; constant
 * @most:  the most pairs that may have an allocated page, or the most stretches; constant
 * @now:   how many there are; atomic. Too many for the moment between a look and its undoing
 * @words: a bit for each page, set while the page is counted; atomic. Pages that were never touched
 *         take no memory
 */
struct emu_holes {
	size_t len;
	enum emu_holes_count count;
	u64 most;
	u64 now;
	u64 words[];
};

struct emu_holes *emu_holes_new(enum emu_holes_count count, u64 nr_pages, u64 mappings)
{
	size_t len = sizeof(struct emu_holes) + (nr_pages / 64 + 1) * sizeof(u64);
	struct emu_holes *h = emu_fenced_alloc(len);

	if (!h)
		return NULL;
	h->len = len;
	h->count = count;
	h->most = mappings ? (mappings - 1) / 2 : 0;
	return h;
}

void emu_holes_free(struct emu_holes *h)
{
	if (h)
		emu_fenced_free(h, h->len);
}

u64 emu_holes_most(const struct emu_holes *h)
{
	return h->most;
}

static s64 count_of(const struct emu_holes *h, u64 word)
{
	u64 counted =
		h->count == EMU_COUNT_PAIRS ? (word | word >> 1) & LOWER : word & ~(word << 1);

	return __builtin_popcountll(counted);
}

/*
 * Sets bits of a word, or clears them if !@set. *bits becomes those that have changed.
 *
 * Return: false if there are more pairs or stretches now, and too many.
 */
static bool change_bits(struct emu_holes *h, u64 nr, u64 *bits, bool set)
{
	u64 old = set ? __atomic_fetch_or(&h->words[nr], *bits, __ATOMIC_RELAXED) :
			__atomic_fetch_and(&h->words[nr], ~*bits, __ATOMIC_RELAXED);
	s64 more;

	*bits &= set ? ~old : old;
	more = count_of(h, old ^ *bits) - count_of(h, old);
	return __atomic_add_fetch(&h->now, more, __ATOMIC_RELAXED) <= h->most || more <= 0;
}

/* The bits of the pages from @page on that are in its word and below @end; *n is their number. */
static u64 bits_of(u64 page, u64 end, u64 *n)
{
	*n = EXMAP_MIN(end - page, 64 - page % 64);
	return (~0ULL >> (64 - *n)) << page % 64;
}

/* Changes words up to the first that must stay as it is. Return: number of pages. */
static u64 change(struct emu_holes *h, u64 page, u64 len, bool set)
{
	u64 end = page + len;
	u64 at = page;
	u64 n;

	for (; at < end; at += n) {
		u64 bits = bits_of(at, end, &n);

		if (!change_bits(h, at / 64, &bits, set)) {
			change_bits(h, at / 64, &bits, !set);
			break;
		}
	}
	return at - page;
}

u64 emu_holes_add(struct emu_holes *h, u64 page, u64 len)
{
	return change(h, page, len, true);
}

u64 emu_holes_remove(struct emu_holes *h, u64 page, u64 len)
{
	return change(h, page, len, false);
}
