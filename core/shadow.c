// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * shadow.c - SHADOW and RM_SD; see shadow.h
 *
 * SHADOW  claim() of targets -> ops->shadow()   -> publish(): SHADOW, or EMPTY without a source
 * RM_SD   claim() of shadows -> ops->unshadow() -> EMPTY; or leave_mapped(): SHADOW that is ended
 */

#include "core/shadow.h"

#define OWNER_MASK ((u64)(EXMAP_MAX_INTERFACES - 1) << EXMAP_WORD_OWNER_SHIFT)

/* The most runs of shadows that one op makes vanish. */
#define ENDING_RUNS 32

/*
 * Which pages a claim is about: targets of SHADOW; or shadows that are live, or ended; those of the
 * calling interface, or anybody's.
 */
enum which { TARGETS = 1, LIVE = 2, ENDED = 4, ANYBODYS = 8 };

/* Whether a word is that of one of the shadows @which, for interface @id: one comparison. */
static __always_inline bool is_shadow(u64 word, u32 which, u32 id)
{
	u64 mask = EXMAP_WORD_SHADOW | EXMAP_WORD_BUSY;
	u64 value = EXMAP_WORD_SHADOW;

	if ((which & (LIVE | ENDED)) != (LIVE | ENDED)) {
		mask |= EXMAP_WORD_ENDED;
		value |= which & ENDED ? EXMAP_WORD_ENDED : 0;
	}
	if (!(which & ANYBODYS)) {
		mask |= OWNER_MASK;
		value |= (u64)id << EXMAP_WORD_OWNER_SHIFT;
	}
	return (word & mask) == value;
}

/*
 * A page that SHADOW may claim is EMPTY, or was left mapped by an ended shadow of whichever
 * interface. Where such pages are kept, a shadow of the same interface is replaced in place.
 */
static __always_inline bool is_target(u64 word, u32 id, bool keep)
{
	return !word || is_shadow(word, ENDED | ANYBODYS, id) ||
	       (keep && is_shadow(word, LIVE, id));
}

/*
 * Claims the next run of the pages @which, by one pass over the words, as exmap_claim_run() does.
 * Other pages are skipped. Inlined once for each value of @which.
 * @source: for targets: the source of page @pos; a claimed word names its source
 * @pos:    first page to look at; set to the page behind the run, or to the page that stops the
 *          claim: one that is BUSY, for targets also a shadow that must be ended first
 * @end:    the page behind the range. Blocks that were never touched are skipped
 */
static __always_inline enum exmap_claim claim(struct exmap_surface *s, u32 which, u32 id,
					      u64 source, u64 *pos, u64 end, struct exmap_run *run)
{
	bool keep = s->keep_shadows;
	u64 *first = NULL;
	u64 page = *pos;
	bool stopped = false;
	u32 len = 0;

	source -= page;
	while (page < end) {
		u64 stop = EXMAP_MIN(end, (page / EXMAP_BLOCK_PAGES + 1) * EXMAP_BLOCK_PAGES);
		struct exmap_block *block = exmap_touched_block(s, page / EXMAP_BLOCK_PAGES);
		u64 *where;

		/* FREE of a range names blocks of which no page was ever claimed. */
		if (!block) {
			if (len)
				break;
			page = stop;
			continue;
		}
		where = exmap_block_word(s, block, page);
		exmap_spin_lock(&block->lock);
		for (; page < stop; page++, where++) {
			/* Pairs with the store with release by the call that owned it last. */
			u64 word = exmap_load_acquire(where);
			u64 busy = EXMAP_WORD_BUSY | (word & EXMAP_WORD_SHADOW);

			if (exmap_likely(which == TARGETS ? is_target(word, id, keep) :
							    is_shadow(word, which, id))) {
				busy |= which == TARGETS ?
						(source + page) << EXMAP_WORD_FRAME_SHIFT :
						word & EXMAP_WORD_SHOWN_MASK;
				exmap_store(where, busy);
				if (!len++)
					first = where;
				continue;
			}
			stopped = word & EXMAP_WORD_BUSY ||
				  (which == TARGETS && is_shadow(word, LIVE, id));
			if (stopped || len)
				break;
		}
		exmap_spin_unlock(&block->lock);
		if (page < stop)
			break;
	}
	*pos = page;
	*run = (struct exmap_run){ .page = page - len, .word = first, .len = len };
	if (len)
		return EXMAP_CLAIM_RUN;
	return stopped ? EXMAP_CLAIM_BUSY : EXMAP_CLAIM_END;
}

/*
 * Shadows that a call is ending, collected for one op. On the stack, because the interface's batch
 * may belong to an ALLOC at this moment.
 */
struct ending {
	struct exmap_run run[ENDING_RUNS];
	u32 n;
};

static void finish_ending(struct exmap_call *call, struct ending *e)
{
	struct exmap_surface *s = call->s;
	u64 *where;
	u32 i;
	u32 j;

	if (!e->n)
		return;
	s->ops->unshadow(s, call->ifc->id, e->run, e->n);
	for (i = 0; i < e->n; i++) {
		exmap_for_each_word(s, &e->run[i], j, where)
			exmap_store_release(where, 0);
	}
	e->n = 0;
}

/*
 * Ends those of an interface's shadows that are @which, in a range; finish_ending() must follow.
 * Waits for BUSY pages if live shadows are meant: such a page may be one that another call is just
 * making vanish. A BUSY page is not, and will not be, a shadow that has ended.
 */
static void end_range(struct exmap_call *call, u32 id, u32 which, struct exmap_range range,
		      struct ending *e)
{
	struct exmap_surface *s = call->s;
	u64 end = range.page + range.len;
	u64 page = range.page;
	unsigned int round = 0;

	while (page < end && call->state == EXMAP_CALL_GOES_ON) {
		switch (claim(s, which, id, 0, &page, end, &e->run[e->n])) {
		case EXMAP_CLAIM_RUN:
			if (++e->n == ENDING_RUNS)
				finish_ending(call, e);
			break;
		case EXMAP_CLAIM_BUSY:
			if (!(which & LIVE))
				page++;
			else if (e->n)
				finish_ending(call, e);
			else if (!s->ops->wait(s, call->ifc->id, round++))
				call->state = EXMAP_CALL_NO_SURFACE;
			break;
		case EXMAP_CLAIM_END:
			break;
		}
	}
}

/* Makes all pages of an interface's ended shadows vanish; finish_ending() must follow. */
static void drop_kept(struct exmap_call *call, struct exmap_interface *ifc, struct ending *e)
{
	for (u32 i = 0; i < ifc->nr_kept; i++)
		end_range(call, ifc->id, ENDED, ifc->kept[i], e);
	exmap_store(&ifc->nr_kept, 0);
	ifc->kept_pages = 0;
}

/* Ends the calling interface's shadows in a range, and leaves their pages mapped. */
static void leave_mapped(struct exmap_call *call, struct exmap_range range)
{
	u64 end = range.page + range.len;
	u32 id = call->ifc->id;
	u64 page = range.page;

	while (page < end) {
		u64 stop = EXMAP_MIN(end, (page / EXMAP_BLOCK_PAGES + 1) * EXMAP_BLOCK_PAGES);
		struct exmap_block *block = exmap_touched_block(call->s, page / EXMAP_BLOCK_PAGES);
		u64 *where = exmap_block_word(call->s, block, page);

		exmap_spin_lock(&block->lock);
		for (; page < stop; page++, where++) {
			u64 word = exmap_load(where);

			if (exmap_likely(is_shadow(word, LIVE, id)))
				exmap_store(where, word | EXMAP_WORD_ENDED);
		}
		exmap_spin_unlock(&block->lock);
	}
}

/* Whether the pages of one of the kept ranges include those of @range. */
static bool is_kept(const struct exmap_interface *ifc, struct exmap_range range)
{
	for (u32 i = 0; i < ifc->nr_kept; i++) {
		const struct exmap_range *kept = &ifc->kept[i];

		if (range.page >= kept->page && range.page + range.len <= kept->page + kept->len)
			return true;
	}
	return false;
}

/*
 * Ends the calling interface's shadows in a range. As many pages as @keep_shadows permits stay
 * mapped. If there is no room for them, those of all earlier ranges go: clients use the same
 * targets again and again, but for how long, nobody knows.
 */
static void keep_range(struct exmap_call *call, struct exmap_range range, struct ending *e)
{
	struct exmap_interface *ifc = call->ifc;
	u64 most = call->s->keep_shadows;
	struct exmap_range rest = range;

	if (!is_kept(ifc, range)) {
		range.len = EXMAP_MIN(range.len, most);
		if (ifc->nr_kept == EXMAP_KEPT_RANGES || ifc->kept_pages + range.len > most)
			drop_kept(call, ifc, e);
		ifc->kept[ifc->nr_kept] = range;
		exmap_store(&ifc->nr_kept, ifc->nr_kept + 1);
		ifc->kept_pages += range.len;
	}
	leave_mapped(call, range);
	rest.page += range.len;
	rest.len -= range.len;
	end_range(call, ifc->id, LIVE | ENDED, rest, e);
}

int exmap_end_shadows(struct exmap_call *call)
{
	struct exmap_interface *ifc = call->ifc;
	struct ending e;

	e.n = 0;
	while (ifc->nr_shadows) {
		struct exmap_range range = ifc->shadows[ifc->nr_shadows - 1];

		if (call->s->keep_shadows)
			keep_range(call, range, &e);
		else
			end_range(call, ifc->id, LIVE | ENDED, range, &e);
		if (call->state == EXMAP_CALL_NO_SURFACE)
			return -EPROTO;
		ifc->nr_shadows--;
	}
	finish_ending(call, &e);
	exmap_count(&ifc->counts.actions, 1);
	return 0;
}

bool exmap_shadow_reclaim(struct exmap_call *call)
{
	const struct exmap *x = call->s->exmap;
	bool any = false;
	struct ending e;

	e.n = 0;
	for (u32 i = 0; i < x->nr_interfaces; i++) {
		struct exmap_interface *ifc = x->interfaces[i];
		bool own = ifc == call->ifc;

		if (!exmap_load(&ifc->nr_kept) || (!own && !exmap_trylock(&ifc->lock)))
			continue;
		any |= ifc->nr_kept;
		drop_kept(call, ifc, &e);
		if (!own)
			exmap_unlock(&ifc->lock);
	}
	finish_ending(call, &e);
	return any;
}

/* Ends the first shadows @which from @page on. Return: whether there were any. */
static __always_inline bool yields(struct exmap_call *call, u32 which, u64 page, u64 end)
{
	struct ending e;

	e.n = 1;
	if (claim(call->s, which, call->ifc->id, 0, &page, end, &e.run[0]) != EXMAP_CLAIM_RUN)
		return false;
	finish_ending(call, &e);
	return true;
}

bool exmap_shadow_yields(struct exmap_call *call, u64 page, u64 end)
{
	return yields(call, LIVE | ENDED | ANYBODYS, page, end);
}

/* The targets in the batch show their sources, or are EMPTY again. */
static void publish(struct exmap_call *call)
{
	struct exmap_interface *ifc = call->ifc;
	u64 owner = EXMAP_WORD_SHADOW | (u64)ifc->id << EXMAP_WORD_OWNER_SHIFT;

	for (u32 i = 0; i < ifc->nr_runs; i++) {
		u64 *where;
		u32 j;

		exmap_for_each_word(call->s, &ifc->runs[i], j, where) {
			u64 word = exmap_load(where);

			exmap_assert(word & EXMAP_WORD_BUSY);
			exmap_store_release(where, word & EXMAP_WORD_SHADOW ?
							   owner | (word & EXMAP_WORD_SHOWN_MASK) :
							   0);
		}
	}
	ifc->nr_runs = 0;
	ifc->nr_pages = 0;
}

/* Shows all targets of the batch. The call owns no page afterwards. */
static void finish_batch(struct exmap_call *call)
{
	struct exmap_interface *ifc = call->ifc;

	if (!ifc->nr_runs)
		return;
	if (!call->s->ops->shadow(call->s, ifc->id, ifc->runs, ifc->nr_runs))
		call->state = EXMAP_CALL_NO_FRAMES;
	publish(call);
}

/*
 * Adds the targets from @first to @end - 1 to the batch; page @first shows @source, and so on.
 * Finishes the batch when it is full and when a page stops the claim.
 */
static void show(struct exmap_call *call, u64 source, u64 first, u64 end)
{
	struct exmap_interface *ifc = call->ifc;
	struct exmap_surface *s = call->s;
	unsigned int round = 0;
	u64 page = first;

	while (page < end && call->state == EXMAP_CALL_GOES_ON) {
		struct exmap_run *run = &ifc->runs[ifc->nr_runs];

		switch (claim(s, TARGETS, ifc->id, source + (page - first), &page, end, run)) {
		case EXMAP_CLAIM_RUN:
			ifc->nr_pages += run->len;
			if (++ifc->nr_runs == EXMAP_BATCH_RUNS)
				finish_batch(call);
			break;
		case EXMAP_CLAIM_BUSY:
			/*
			 * The shadow must be this interface's own: what was BUSY may have become
			 * another's meanwhile, which stays [8.3].
			 */
			if (ifc->nr_runs)
				finish_batch(call);
			else if (!yields(call, LIVE, page, page + 1) &&
				 !s->ops->wait(s, ifc->id, round++))
				call->state = EXMAP_CALL_NO_SURFACE;
			break;
		case EXMAP_CLAIM_END:
			break;
		}
	}
}

/* Notes a range of targets. One that continues the range before it needs no entry of its own. */
static void record(struct exmap_interface *ifc, u64 page, u64 len)
{
	struct exmap_range *last = ifc->nr_shadows ? &ifc->shadows[ifc->nr_shadows - 1] : NULL;

	if (last && page == last->page + last->len)
		last->len += len;
	else
		ifc->shadows[ifc->nr_shadows++] = (struct exmap_range){ page, len };
}

int exmap_shadow(struct exmap_call *call, const struct exmap_iov *iov, u32 iov_len, u64 page_id)
{
	struct exmap_interface *ifc = call->ifc;
	struct exmap_iov *asked = ifc->result;
	u64 page = page_id;
	u64 len;
	int ret;

	/* The client may write its vectors meanwhile: what is checked is what is done [4.2]. */
	for (u32 i = 0; i < iov_len; i++)
		asked[i].value = exmap_load(&iov[i].value);
	ret = exmap_check_shadow(call->s, ifc, asked, iov_len, page_id, &len);
	if (ret || !len)
		return ret;
	if (!call->s->ops->prepare(call->s, page_id, len))
		return -ENOMEM;
	record(ifc, page_id, len);
	for (u32 i = 0; i < iov_len && call->state == EXMAP_CALL_GOES_ON; i++) {
		show(call, asked[i].page, page, page + asked[i].len);
		page += asked[i].len;
	}
	if (call->state == EXMAP_CALL_NO_SURFACE)
		return -EPROTO;
	finish_batch(call);
	exmap_count(&ifc->counts.actions, 1);
	return call->state == EXMAP_CALL_NO_FRAMES ? -ENOMEM : 0;
}

void exmap_forget_shadows(struct exmap *x)
{
	for (u32 i = 0; i < x->nr_interfaces; i++) {
		struct exmap_interface *ifc = x->interfaces[i];

		ifc->nr_shadows = 0;
		ifc->nr_kept = 0;
		ifc->kept_pages = 0;
	}
}

#ifdef EXMAP_CHECK
static bool in_ranges(const struct exmap_range *range, u32 n, u64 page)
{
	for (u32 i = 0; i < n; i++) {
		if (page - range[i].page < range[i].len)
			return true;
	}
	return false;
}

void exmap_shadow_check(const struct exmap *x, const struct exmap_surface *s)
{
	struct exmap_run run;
	u64 pos = 0;
	u64 *where;
	u32 i;

	while (exmap_next_run(s, EXMAP_WORD_SHADOW, &pos, s->nr_pages, &run)) {
		exmap_for_each_word(s, &run, i, where) {
			u64 word = exmap_load(where);
			u32 owner = (word & OWNER_MASK) >> EXMAP_WORD_OWNER_SHIFT;
			const struct exmap_interface *ifc;
			bool recorded;

			exmap_assert(owner < x->nr_interfaces);
			ifc = x->interfaces[owner];
			recorded = in_ranges(ifc->shadows, ifc->nr_shadows, run.page + i);
			if (word & EXMAP_WORD_ENDED)
				recorded |= in_ranges(ifc->kept, ifc->nr_kept, run.page + i);
			exmap_assert(recorded);
		}
	}
}
#endif
