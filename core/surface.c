// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* surface.c - claiming pages; surface.h has the states of a word */

#include "core/surface.h"

/* Claims pages from @where on, up to the first that cannot be claimed. Return: their number. */
static __always_inline u32 claim_next(u64 *where, const u64 *end, bool present)
{
	const u64 *first = where;

	while (where < end && exmap_claim_page(where, present) == EXMAP_CLAIM_RUN)
		where++;
	return where - first;
}

/*
 * Claims pages of one block: skips pages that cannot be claimed, then claims as many neighbours as
 * it can. If the run has pages already (@len > 0), from the block before, nothing is skipped. Stops
 * at a page that is BUSY or a shadow. Inlined once for each value of @present.
 * @where: word of the first page; the block's lock is held
 * @n:     most pages to look at
 * @len:   length of the run; increased
 *
 * Return: number of pages skipped and claimed.
 */
static __always_inline u32 claim_words(u64 *where, u32 n, bool present, struct exmap_run *run,
				       u32 *len)
{
	u64 *const begin = where;
	u64 *const end = where + n;

	for (; !*len && where < end; where++) {
		enum exmap_claim claim = exmap_claim_page(where, present);

		if (claim == EXMAP_CLAIM_BUSY)
			return where - begin;
		if (claim == EXMAP_CLAIM_RUN) {
			run->word = where;
			*len = 1;
		}
	}
	n = claim_next(where, end, present);
	*len += n;
	return where - begin + n;
}

enum exmap_claim exmap_claim_run(struct exmap_surface *s, bool present, u64 *pos, u64 end,
				 struct exmap_run *run)
{
	u64 page = *pos;
	u32 len = 0;

	while (page < end) {
		u64 stop = EXMAP_MIN(end, (page / EXMAP_BLOCK_PAGES + 1) * EXMAP_BLOCK_PAGES);
		struct exmap_block *block = exmap_touched_block(s, page / EXMAP_BLOCK_PAGES);
		u64 *where;

		if (!block) {
			if (len)
				break;
			page = stop;
			continue;
		}
		where = exmap_block_word(s, block, page);
		exmap_spin_lock(&block->lock);
		if (present)
			page += claim_words(where, stop - page, true, run, &len);
		else
			page += claim_words(where, stop - page, false, run, &len);
		exmap_spin_unlock(&block->lock);
		if (page < stop)
			break;
	}
	*pos = page;
	if (len) {
		run->page = page - len;
		run->len = len;
		return EXMAP_CLAIM_RUN;
	}
	return page < end ? EXMAP_CLAIM_BUSY : EXMAP_CLAIM_END;
}

bool exmap_next_run(const struct exmap_surface *s, u64 bits, u64 *pos, u64 end,
		    struct exmap_run *run)
{
	u64 page = *pos;

	run->len = 0;
	while (page < end) {
		u64 block = page / EXMAP_BLOCK_PAGES;

		if (!exmap_block_touched(s, block)) {
			if (run->len)
				break;
			page = (block + 1) * EXMAP_BLOCK_PAGES;
			continue;
		}
		if (exmap_load(exmap_word(s, page)) & bits) {
			if (!run->len++) {
				run->page = page;
				run->word = exmap_word(s, page);
			}
		} else if (run->len) {
			break;
		}
		page++;
	}
	*pos = EXMAP_MIN(page, end);
	return run->len;
}

void exmap_surface_protect(struct exmap_surface *s, bool writable, bool executable)
{
	u64 bits = exmap_present_bits(writable, executable);
	struct exmap_run run;
	u64 page = 0;
	u64 *where;
	u32 i;

	if (s->present_bits == bits)
		return;
	s->present_bits = bits;
	while (exmap_next_present(s, &page, s->nr_pages, &run)) {
		exmap_for_each_word(s, &run, i, where)
			exmap_store(where, exmap_present_of(s, exmap_load(where)));
	}
}

#ifdef EXMAP_CHECK
void exmap_surface_check(const struct exmap_surface *s, u64 nr_frames, u64 mapped)
{
	u64 present = 0;

	for (u64 page = 0; page < s->nr_pages; page++) {
		u64 word;

		if (!exmap_block_touched(s, page / EXMAP_BLOCK_PAGES)) {
			page |= EXMAP_BLOCK_PAGES - 1;
			continue;
		}
		word = exmap_load(exmap_word(s, page));
		exmap_assert(!(word & EXMAP_WORD_BUSY));
		exmap_assert(!word || word & (EXMAP_WORD_PRESENT | EXMAP_WORD_SHADOW));
		exmap_assert(!(word & EXMAP_WORD_PRESENT) || !(word & EXMAP_WORD_SHADOW));
		exmap_assert(word & EXMAP_WORD_SHADOW || exmap_word_frame(word) < nr_frames);
		present += word & EXMAP_WORD_PRESENT;
	}
	exmap_assert(present == mapped);
}
#endif
