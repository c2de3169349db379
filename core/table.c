// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* table.c - claiming pages; the states are in surface.h */

#include "core/surface.h"

enum exmap_claim exmap_claim_run(struct exmap_surface *s, bool present, u64 *pos, u64 end,
				 struct exmap_run *run)
{
	u64 page = *pos;

	run->len = 0;
	for (; page < end; page++) {
		u64 *where = exmap_word(s, page);
		u64 word = where ? exmap_load_acquire(where) : 0;
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
		if (!exmap_try_cmpxchg(where, &word, busy))
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

		if (!exmap_block_touched(s, block)) {
			if (run->len)
				break;
			page = (block + 1) * EXMAP_BLOCK_PAGES;
			continue;
		}
		if (exmap_load(exmap_word(s, page)) & EXMAP_WORD_PRESENT) {
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
