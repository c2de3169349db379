// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* table.c - claiming pages; the states are in surface.h */

#include "core/surface.h"

enum exmap_claim exmap_claim_run(struct exmap_surface *s, bool present, u64 *pos, u64 end,
				 struct exmap_run *run)
{
	struct exmap_block *block = NULL;
	u64 *where = NULL;
	u64 page = *pos;
	u32 len = 0;

	while (page < end) {
		enum exmap_claim claim;

		if (!block || !(page % EXMAP_BLOCK_PAGES)) {
			if (block)
				exmap_spin_unlock(&block->lock);
			block = exmap_touched_block(s, page / EXMAP_BLOCK_PAGES);
			if (!block) {
				if (len)
					break;
				page = (page / EXMAP_BLOCK_PAGES + 1) * EXMAP_BLOCK_PAGES;
				continue;
			}
			exmap_spin_lock(&block->lock);
			where = exmap_block_word(s, block, page);
		}
		claim = exmap_claim_page(where, present);
		if (claim == EXMAP_CLAIM_RUN) {
			if (!len++)
				run->word = where;
		} else if (claim == EXMAP_CLAIM_BUSY || len) {
			break;
		}
		page++;
		where++;
	}
	if (block)
		exmap_spin_unlock(&block->lock);
	*pos = EXMAP_MIN(page, end);
	if (len) {
		run->page = page - len;
		run->len = len;
		return EXMAP_CLAIM_RUN;
	}
	return page < end ? EXMAP_CLAIM_BUSY : EXMAP_CLAIM_END;
}

bool exmap_next_present(const struct exmap_surface *s, u64 *pos, u64 end, struct exmap_run *run)
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
		if (exmap_load(exmap_word(s, page)) & EXMAP_WORD_PRESENT) {
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
