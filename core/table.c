// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* table.c - claiming pages; the states are in surface.h */

#include "core/surface.h"

static void touch_block(struct exmap_surface *s, u64 page)
{
	u64 block = page / EXMAP_BLOCK_PAGES;
	u64 bit = 1ULL << block % 64;

	if (exmap_unlikely(!(exmap_load(&s->touched[block / 64]) & bit)))
		exmap_fetch_or(&s->touched[block / 64], bit);
}

enum exmap_claim exmap_claim_run(struct exmap_surface *s, bool present, u64 *pos, u64 end,
				 struct exmap_run *run)
{
	u64 page = *pos;

	run->len = 0;
	for (; page < end; page++) {
		u64 word = exmap_load_acquire(&s->table[page]);
		u64 busy;

	retry:
		if (word & EXMAP_WORD_BUSY)
			break;
		if (!word == present) {
			if (run->len)
				break;
			continue;
		}
		busy = EXMAP_WORD_BUSY;
		if (present)
			busy = exmap_busy_word(exmap_word_frame(word));
		else if (!run->len || page % EXMAP_BLOCK_PAGES == 0)
			touch_block(s, page);
		if (!exmap_try_cmpxchg(&s->table[page], &word, busy))
			goto retry;
		if (!run->len)
			run->page = page;
		run->len++;
	}
	*pos = page;
	if (run->len)
		return EXMAP_CLAIM_RUN;
	return page < end ? EXMAP_CLAIM_BUSY : EXMAP_CLAIM_END;
}

bool exmap_next_present(const struct exmap_surface *s, u64 *pos, struct exmap_run *run)
{
	u64 page = *pos;

	run->len = 0;
	while (page < s->nr_pages) {
		u64 block = page / EXMAP_BLOCK_PAGES;

		if (!(exmap_load(&s->touched[block / 64]) & 1ULL << block % 64)) {
			if (run->len)
				break;
			/* Skip 64 untouched blocks at a time where possible. */
			if (block % 64 == 0 && !exmap_load(&s->touched[block / 64]))
				block += 63;
			page = (block + 1) * EXMAP_BLOCK_PAGES;
			continue;
		}
		if (exmap_load(&s->table[page]) & EXMAP_WORD_PRESENT) {
			if (!run->len)
				run->page = page;
			run->len++;
		} else if (run->len) {
			break;
		}
		page++;
	}
	*pos = EXMAP_MIN(page, s->nr_pages);
	return run->len;
}
