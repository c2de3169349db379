// SPDX-License-Identifier: MIT
/* holes.c - see holes.h */

#include "emu/holes.h"

#include "emu/fence.h"

/* The lower bit of each pair in a word. */
#define LOWER 0x5555555555555555ULL

/**
 * struct emu_holes
 * @len:   bytes of the structure, and of @words behind it; constant
 * @most:  the most pairs that may have an allocated page; constant
 * @pairs: how many have one; atomic. Too many for the moment between a look and its undoing
 * @words: a bit for each page, set while the page is counted; atomic. Pages that were never touched
 *         take no memory
 */
struct emu_holes {
	size_t len;
	u64 most;
	u64 pairs;
	u64 words[];
};

struct emu_holes *emu_holes_new(u64 nr_pages, u64 mappings)
{
	size_t len = sizeof(struct emu_holes) + (nr_pages / 64 + 1) * sizeof(u64);
	struct emu_holes *h = emu_fenced_alloc(len);

	if (!h)
		return NULL;
	h->len = len;
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

static u64 count_pairs(u64 word)
{
	return __builtin_popcountll((word | word >> 1) & LOWER);
}

/* Clears bits of a word, and takes the pairs that are empty now from the count. */
static void clear_bits(struct emu_holes *h, u64 nr, u64 bits)
{
	u64 old = __atomic_fetch_and(&h->words[nr], ~bits, __ATOMIC_RELAXED);

	__atomic_fetch_sub(&h->pairs, count_pairs(old) - count_pairs(old & ~bits),
			   __ATOMIC_RELAXED);
}

/* Sets bits of a word, and counts their pairs. Return: false, and nothing has changed, if too many. */
static bool set_bits(struct emu_holes *h, u64 nr, u64 bits)
{
	u64 old = __atomic_fetch_or(&h->words[nr], bits, __ATOMIC_RELAXED);
	u64 new = count_pairs(old | bits) - count_pairs(old);

	if (__atomic_add_fetch(&h->pairs, new, __ATOMIC_RELAXED) <= h->most)
		return true;
	clear_bits(h, nr, bits);
	return false;
}

/* The bits of the pages from @page on that are in its word and below @end; *n is their number. */
static u64 bits_of(u64 page, u64 end, u64 *n)
{
	*n = EXMAP_MIN(end - page, 64 - page % 64);
	return (~0ULL >> (64 - *n)) << page % 64;
}

u64 emu_holes_add(struct emu_holes *h, u64 page, u64 len)
{
	u64 end = page + len;
	u64 at = page;
	u64 n;

	for (; at < end; at += n) {
		u64 bits = bits_of(at, end, &n);

		if (!set_bits(h, at / 64, bits))
			break;
	}
	return at - page;
}

void emu_holes_remove(struct emu_holes *h, u64 page, u64 len)
{
	u64 end = page + len;
	u64 n;

	for (; page < end; page += n) {
		u64 bits = bits_of(page, end, &n);

		clear_bits(h, page / 64, bits);
	}
}
