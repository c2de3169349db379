// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* shadow.c - a shadow is its source's frame, mapped a second time; see shadow.h */

#include "ptes.h"
#include "shadow.h"
#include "tlb.h"

/*
 * Takes a reference to the page of a source, if it is PRESENT. Under the lock of the source's
 * block: a FREE turns the word BUSY under that lock before it looks for references, so it finds
 * this one.
 *
 * Return: the BUSY word of the shadow; without a source, of a page that is not mapped.
 */
static u64 hold_source(struct exmap_vma *s, u64 source)
{
	struct exmap_block *block = exmap_touched_block(&s->core, source / EXMAP_BLOCK_PAGES);
	u64 shown = EXMAP_WORD_BUSY;
	u64 word;

	if (!block)
		return shown;
	spin_lock(&block->lock);
	word = READ_ONCE(*exmap_block_word(&s->core, block, source));
	if (exmap_is_present(word)) {
		get_page(s->dev->pages[exmap_word_frame(word)]);
		shown = exmap_shown_word(exmap_word_frame(word));
	}
	spin_unlock(&block->lock);
	return shown;
}

/* Gives up the references of shadows whose entries are cleared, and flushed from the TLB. */
static void put_run(struct exmap_vma *s, const struct exmap_run *run)
{
	u64 *word;
	u32 i;

	exmap_for_each_word(&s->core, run, i, word)
		put_page(s->dev->pages[exmap_shown_frame(*word)]);
}

/*
 * Maps a run of shadows, whose words name their frames. Return: false if there was no memory for a
 * page-table page, and none of them is mapped.
 */
static bool map_shown(struct exmap_vma *s, const struct exmap_run *run)
{
	u64 *word;
	u32 i;

	if (likely(exmap_set_runs(s, run, 1) == 1))
		return true;
	/* Entries of this run that were set may be in a TLB. */
	exmap_clear_runs(s, run, 1);
	exmap_flush_tlb(s->mm);
	put_run(s, run);
	exmap_for_each_word(&s->core, run, i, word)
		WRITE_ONCE(*word, EXMAP_WORD_BUSY);
	return false;
}

static bool shadow_run(struct exmap_vma *s, const struct exmap_run *run)
{
	/* Neighbours that have a source: they are mapped together. */
	struct exmap_run shown = { .len = 0 };
	bool memory = true;
	u64 *word;
	u32 i;

	exmap_for_each_word(&s->core, run, i, word) {
		u64 shadow = hold_source(s, exmap_source_of(*word));

		WRITE_ONCE(*word, shadow);
		if (shadow & EXMAP_WORD_SHADOW) {
			if (!shown.len++) {
				shown.page = run->page + i;
				shown.word = word;
			}
			continue;
		}
		if (shown.len)
			memory &= map_shown(s, &shown);
		shown.len = 0;
	}
	if (shown.len)
		memory &= map_shown(s, &shown);
	return memory;
}

bool exmap_vma_shadow(struct exmap_surface *core, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	struct exmap_vma *s = exmap_vma_of(core);
	bool memory = true;
	u32 i;

	for (i = 0; i < nr_runs; i++)
		memory &= shadow_run(s, &runs[i]);
	return memory;
}

void exmap_vma_unshadow(struct exmap_surface *core, u32 id, const struct exmap_run *runs,
			u32 nr_runs)
{
	struct exmap_vma *s = exmap_vma_of(core);
	u32 i;

	exmap_clear_runs(s, runs, nr_runs);
	exmap_flush_tlb(s->mm);
	for (i = 0; i < nr_runs; i++)
		put_run(s, &runs[i]);
}

/* Finds the next run of shadows in the ranges that interfaces have recorded. */
struct shadow_cursor {
	u32 interface;
	u32 range;
	u64 page;
};

static bool next_shadows(struct exmap_vma *s, struct shadow_cursor *c, struct exmap_run *run)
{
	const struct exmap *x = &s->dev->core;

	for (; c->interface < x->nr_interfaces; c->interface++, c->range = 0) {
		const struct exmap_interface *ifc = x->interfaces[c->interface];

		for (; c->range < ifc->nr_shadows; c->range++, c->page = 0) {
			const struct exmap_range *range = &ifc->shadows[c->range];

			c->page = max(c->page, range->page);
			if (exmap_next_run(&s->core, EXMAP_WORD_SHADOW, &c->page,
					   range->page + range->len, run))
				return true;
		}
	}
	return false;
}

u64 exmap_clear_shadows(struct exmap_vma *s)
{
	struct shadow_cursor c = { 0 };
	struct exmap_run run;
	u64 n = 0;

	while (next_shadows(s, &c, &run)) {
		exmap_clear_runs(s, &run, 1);
		n += run.len;
	}
	return n;
}

void exmap_put_shadows(struct exmap_vma *s)
{
	struct shadow_cursor c = { 0 };
	struct exmap_run run;
	u64 *word;
	u32 i;

	while (next_shadows(s, &c, &run)) {
		put_run(s, &run);
		exmap_for_each_word(&s->core, &run, i, word)
			WRITE_ONCE(*word, 0);
	}
}
