// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* batch.c - the batch: the runs of pages that a call owns; see batch.h */

#include "core/batch.h"

#include "core/shadow.h"

static inline void fill_words(u64 *where, const u32 *frames, u32 n)
{
	for (u32 i = 0; i < n; i++)
		exmap_store(&where[i], exmap_busy_word(frames[i]));
}

u64 exmap_batch_give_frames(struct exmap_call *call)
{
	struct exmap_interface *ifc = call->ifc;
	struct exmap_surface *s = call->s;
	u64 given = 0;
	u32 have = 0;
	u32 used = 0;

	for (u32 i = 0; i < ifc->nr_runs; i++) {
		const struct exmap_run *run = &ifc->runs[i];
		u32 j = 0;
		u64 *where;

		/*
		 * Most runs have one page. Without the loop below such a run takes half the
		 * instructions.
		 */
		if (run->len == 1 && used < have) {
			exmap_store(run->word, exmap_busy_word(ifc->frames[used++]));
			given++;
			continue;
		}
		do {
			u32 n = exmap_run_words(s, run, j, &where);

			if (exmap_unlikely(used == have)) {
				u64 want =
					EXMAP_MIN(ifc->nr_pages - given, (u64)EXMAP_BATCH_FRAMES);

				used = 0;
				have = exmap_pool_get(ifc->pool, ifc->id, ifc->frames, want);
				if (!have)
					return given;
				/*
				 * If there are more frames than runs, some pages are neighbours.
				 * Neighbouring frames for them make ops->map() faster.
				 */
				if (s->ops->order && have > ifc->nr_runs)
					s->ops->order(s, ifc->frames, have);
			}
			n = EXMAP_MIN(n, have - used);
			fill_words(where, &ifc->frames[used], n);
			used += n;
			given += n;
			j += n;
		} while (j < run->len);
	}
	return given;
}

/*
 * If ops->unmap() had to keep a page, it has set EXMAP_WORD_PRESENT in the page's BUSY word. Such a
 * page is still mapped to the same frame, so its word becomes PRESENT again.
 *
 * Return: whether the page is such a page.
 */
static inline bool keep_page(struct exmap_surface *s, u64 *where, u64 word)
{
	if (exmap_likely(!(word & EXMAP_WORD_PRESENT)))
		return false;
	exmap_store_release(where, exmap_present_of(s, word));
	return true;
}

/*
 * Turns the BUSY word of a page that is not mapped to EMPTY. If the page has a frame, that is
 * appended to the @nr_frames frames in the interface's array. A full array goes to the pool.
 *
 * Return: number of frames in the array now.
 */
static inline u32 release_page(struct exmap_call *call, u64 *where, u64 word, u32 nr_frames)
{
	struct exmap_interface *ifc = call->ifc;

	exmap_store_release(where, 0);
	if (word & EXMAP_WORD_FRAME) {
		ifc->frames[nr_frames++] = exmap_busy_frame(word);
		if (nr_frames == EXMAP_BATCH_FRAMES) {
			exmap_pool_put(ifc->pool, ifc->id, ifc->frames, nr_frames);
			nr_frames = 0;
		}
	}
	return nr_frames;
}

u32 exmap_batch_trim(struct exmap_call *call, u64 keep)
{
	struct exmap_interface *ifc = call->ifc;
	u32 first_vec = EXMAP_USER_INTERFACE_PAGES;
	u32 nr_frames = 0;
	u32 nr_runs = 0;

	for (u32 i = 0; i < ifc->nr_runs; i++) {
		struct exmap_run *run = &ifc->runs[i];
		u32 kept = EXMAP_MIN((u64)run->len, keep);
		u64 *where;
		u32 j;

		if (kept == run->len) {
			keep -= kept;
			nr_runs = i + 1;
			continue;
		}
		exmap_for_each_word(call->s, run, j, where) {
			u64 word = exmap_load(where);

			if (j < kept)
				continue;
			/*
			 * The backend mapped the page, undid that, and found the page pinned: the
			 * page stays mapped and must count as allocated.
			 */
			if (keep_page(call->s, where, word))
				exmap_count(&ifc->counts.allocated, 1);
			else
				nr_frames = release_page(call, where, word, nr_frames);
		}
		first_vec = EXMAP_MIN(first_vec, run->vec + kept * run->step);
		keep -= kept;
		ifc->nr_pages -= run->len - kept;
		run->len = kept;
		if (kept)
			nr_runs = i + 1;
	}
	ifc->nr_runs = nr_runs;
	if (nr_frames)
		exmap_pool_put(ifc->pool, ifc->id, ifc->frames, nr_frames);
	return first_vec;
}

/*
 * Only the first @keep pages of the batch can be mapped: the others leave the batch, and the call
 * ends with ENOMEM.
 */
static void run_out(struct exmap_call *call, u64 keep)
{
	call->state = EXMAP_CALL_NO_FRAMES;
	call->failed_vec = exmap_batch_trim(call, keep);
}

/*
 * Maps the pages of the batch behind the first @done ones, which are mapped. Return: number of
 * pages mapped now.
 */
static u64 map_rest(struct exmap_call *call, u64 done)
{
	struct exmap_interface *ifc = call->ifc;
	struct exmap_surface *s = call->s;
	const struct exmap_run *run = ifc->runs;
	struct exmap_run rest;
	u64 mapped;

	while (done >= run->len)
		done -= run++->len;
	rest = *run++;
	rest.page += done;
	rest.word = exmap_word(s, rest.page);
	rest.len -= done;
	mapped = s->ops->map(s, ifc->id, &rest, 1);
	if (mapped == rest.len && run < &ifc->runs[ifc->nr_runs])
		mapped += s->ops->map(s, ifc->id, run, &ifc->runs[ifc->nr_runs] - run);
	return mapped;
}

void exmap_batch_map(struct exmap_call *call)
{
	struct exmap_interface *ifc = call->ifc;
	u64 given = exmap_batch_give_frames(call);
	u64 mapped;

	if (exmap_unlikely(given < ifc->nr_pages))
		run_out(call, given);
	if (!ifc->nr_runs)
		return;
	mapped = call->s->ops->map(call->s, ifc->id, ifc->runs, ifc->nr_runs);
	if (exmap_unlikely(mapped < given) && exmap_shadow_reclaim(call))
		mapped += map_rest(call, mapped);
	if (exmap_unlikely(mapped < given))
		run_out(call, mapped);
}

static inline void publish_word(struct exmap_surface *s, u64 *where)
{
	exmap_store_release(where, exmap_present_of(s, exmap_load(where)));
}

/*
 * Adds the pages of a run to the results of their vectors. If each page has a vector of its own,
 * each of these vectors answers 1.
 */
static inline void count_pages(struct exmap_interface *ifc, const struct exmap_run *run)
{
	if (!run->step) {
		ifc->result[run->vec].pages += run->len;
		return;
	}
	for (u32 i = 0; i < run->len; i++)
		exmap_put(&ifc->result[run->vec + i].value, exmap_result(0, 1));
}

void exmap_batch_publish(struct exmap_call *call)
{
	struct exmap_interface *ifc = call->ifc;
	struct exmap_surface *s = call->s;

	for (u32 i = 0; i < ifc->nr_runs; i++) {
		const struct exmap_run *run = &ifc->runs[i];
		u64 *where;
		u32 j;

		if (run->len == 1) {
			publish_word(s, run->word);
			ifc->result[run->vec].pages++;
			continue;
		}
		exmap_for_each_word(s, run, j, where)
			publish_word(s, where);
		count_pages(ifc, run);
	}
	exmap_count_batch(&ifc->counts, &ifc->counts.allocated, ifc->nr_pages);
	ifc->nr_runs = 0;
	ifc->nr_pages = 0;
}

/*
 * Turns BUSY words to EMPTY, and writes their frames to @frames. Stops before the first page that
 * had to be kept.
 *
 * Return: number of words that are EMPTY now.
 */
static inline u32 empty_words(u64 *where, u32 n, u32 *frames)
{
	for (u32 i = 0; i < n; i++) {
		u64 word = exmap_load(&where[i]);

		if (exmap_unlikely(word & EXMAP_WORD_PRESENT))
			return i;
		exmap_store_release(&where[i], 0);
		frames[i] = exmap_busy_frame(word);
	}
	return n;
}

void exmap_batch_retire(struct exmap_call *call)
{
	struct exmap_interface *ifc = call->ifc;
	struct exmap_surface *s = call->s;
	u64 freed = ifc->nr_pages;
	u32 nr_frames = 0;

	for (u32 i = 0; i < ifc->nr_runs; i++) {
		const struct exmap_run *run = &ifc->runs[i];
		u32 j = 0;
		u64 *where;

		if (run->len == 1 && nr_frames < EXMAP_BATCH_FRAMES - 1 &&
		    exmap_likely(empty_words(run->word, 1, &ifc->frames[nr_frames]))) {
			ifc->result[run->vec].pages++;
			nr_frames++;
			continue;
		}
		count_pages(ifc, run);
		do {
			u32 room = EXMAP_BATCH_FRAMES - nr_frames;
			u32 n = exmap_run_words(s, run, j, &where);
			u32 done;

			n = EXMAP_MIN(n, room);
			done = empty_words(where, n, &ifc->frames[nr_frames]);
			nr_frames += done;
			j += done;
			if (exmap_unlikely(done < n)) {
				keep_page(s, &where[done], exmap_load(&where[done]));
				ifc->result[run->vec + j * run->step].pages--;
				freed--;
				j++;
			}
			if (exmap_unlikely(nr_frames == EXMAP_BATCH_FRAMES)) {
				exmap_pool_put(ifc->pool, ifc->id, ifc->frames, nr_frames);
				nr_frames = 0;
			}
		} while (j < run->len);
	}
	if (nr_frames)
		exmap_pool_put(ifc->pool, ifc->id, ifc->frames, nr_frames);
	exmap_count_batch(&ifc->counts, &ifc->counts.freed, freed);
	ifc->nr_runs = 0;
	ifc->nr_pages = 0;
}

#ifdef EXMAP_CHECK
void exmap_batch_check(const struct exmap_call *call)
{
	const struct exmap_interface *ifc = call->ifc;
	u64 pages = 0;

	exmap_assert(ifc->nr_runs <= EXMAP_BATCH_RUNS);
	for (u32 i = 0; i < ifc->nr_runs; i++) {
		const struct exmap_run *run = &ifc->runs[i];
		u64 *where;
		u32 j;

		exmap_assert(run->len && exmap_in_surface(call->s, run->page, run->len));
		exmap_assert(!i || run[-1].vec <= run->vec);
		exmap_assert(run->vec + (run->len - 1) * run->step < EXMAP_USER_INTERFACE_PAGES);
		exmap_for_each_word(call->s, run, j, where)
			exmap_assert(exmap_load(where) & EXMAP_WORD_BUSY);
		pages += run->len;
	}
	exmap_assert(pages == ifc->nr_pages);
}
#endif
