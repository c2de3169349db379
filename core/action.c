// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * action.c - ALLOC and FREE; see call.h
 *
 * exmap_action() adds each vector's pages to the batch:
 *
 *   add_single()      the fast path: a vector of one page that is in the state asked for
 *   add_neighbours()  the fast path: vectors of one page each, one page behind another
 *   add_pages()       everything else, and what the fast path declines
 *
 * and finish_batch() does what the batch asks for.
 */

#include "core/batch.h"
#include "core/steps.h"

/* Maps or unmaps all pages of the batch. The call owns nothing afterwards. */
static void finish_batch(struct exmap_call *call)
{
	struct exmap_interface *ifc = call->ifc;

	if (!ifc->nr_runs)
		return;
	exmap_batch_check(call);
	if (call->opcode == EXMAP_OP_ALLOC) {
		exmap_batch_map(call);
		exmap_batch_publish(call);
	} else {
		call->s->ops->unmap(call->s, ifc->id, ifc->runs, ifc->nr_runs);
		exmap_batch_retire(call);
	}
}

/* Whether the words of a range are known to be there: most ranges are in one block. */
static bool prepared(const struct exmap_surface *s, u64 page, u64 end)
{
	u64 block = page / EXMAP_BLOCK_PAGES;

	return page < end && block == (end - 1) / EXMAP_BLOCK_PAGES &&
	       exmap_block_touched(s, block);
}

/* Makes the words that an ALLOC of a range needs. Without memory for them, @vec fails. */
static bool prepare(struct exmap_call *call, u32 vec, u64 page, u64 end)
{
	if (exmap_likely(prepared(call->s, page, end)) ||
	    call->s->ops->prepare(call->s, page, end - page))
		return true;
	/* The vectors before it stand, unless one of them runs out of frames now. */
	finish_batch(call);
	if (call->state == EXMAP_CALL_GOES_ON) {
		call->state = EXMAP_CALL_NO_FRAMES;
		call->failed_vec = vec;
	}
	return false;
}

/*
 * Adds pages from @first to before @end to the batch: one vector's, or with @step 1 those of
 * vectors for one page each, from @vec on. Finishes the batch whenever that is full or in the way.
 */
static void add_pages(struct exmap_call *call, u32 vec, u32 step, u64 first, u64 end)
{
	struct exmap_interface *ifc = call->ifc;
	bool present = call->opcode == EXMAP_OP_FREE;
	unsigned int round = 0;
	u64 page = first;

	if (!present && !prepare(call, vec, first, end))
		return;
	while (page < end && call->state == EXMAP_CALL_GOES_ON) {
		struct exmap_run *run = &ifc->runs[ifc->nr_runs];

		switch (exmap_claim_run(call->s, present, &page, end, run)) {
		case EXMAP_CLAIM_RUN:
			run->vec = vec + (run->page - first) * step;
			run->step = step;
			ifc->nr_pages += run->len;
			if (++ifc->nr_runs == EXMAP_BATCH_RUNS)
				finish_batch(call);
			break;
		case EXMAP_CLAIM_BUSY:
			/* The BUSY page may be in the call's own batch: vectors may overlap. */
			if (ifc->nr_runs)
				finish_batch(call);
			else if (!call->s->ops->wait(call->s, ifc->id, round++))
				call->state = EXMAP_CALL_NO_SURFACE;
			break;
		case EXMAP_CLAIM_END:
			break;
		}
	}
}

int exmap_bytes(struct exmap_call *call, const struct iovec *range)
{
	u64 addr = (u64)(uintptr_t)range->iov_base;
	u64 page = (addr - call->s->base) >> EXMAP_PAGE_SHIFT;
	u64 len = range->iov_len >> EXMAP_PAGE_SHIFT;
	struct exmap_counts *counts = &call->ifc->counts;
	u64 *counter = call->opcode == EXMAP_OP_ALLOC ? &counts->allocated : &counts->freed;
	u64 before = *counter;

	/* The answer is the number of bytes, in an int. */
	if ((addr | range->iov_len) % EXMAP_PAGE_SIZE || range->iov_len > INT_MAX)
		return -EINVAL;
	if (addr < call->s->base || !exmap_in_surface(call->s, page, len))
		return -EFAULT;
	exmap_count(&counts->actions, 1);
	if (len)
		add_pages(call, 0, 0, page, page + len);
	if (call->state == EXMAP_CALL_GOES_ON)
		finish_batch(call);
	if (call->state == EXMAP_CALL_NO_SURFACE)
		return -EPROTO;
	if (call->state == EXMAP_CALL_NO_FRAMES)
		return -ENOMEM;
	return (*counter - before) << EXMAP_PAGE_SHIFT;
}

/*
 * The block whose lock the fast path holds from one vector to the next, as neighbouring vectors
 * often ask for pages of one block: the lock is most of what a single page costs.
 */
struct locked_block {
	struct exmap_block *block;
	u64 nr;
};

static inline void leave_block(struct locked_block *locked)
{
	if (locked->block)
		exmap_spin_unlock(&locked->block->lock);
	locked->block = NULL;
}

/* Return: false for a block of which no page was ever claimed. */
static inline bool enter_block(struct locked_block *locked, const struct exmap_surface *s, u64 nr)
{
	if (exmap_likely(locked->block && locked->nr == nr))
		return true;
	leave_block(locked);
	locked->block = exmap_touched_block(s, nr);
	locked->nr = nr;
	if (exmap_unlikely(!locked->block))
		return false;
	exmap_spin_lock(&locked->block->lock);
	return true;
}

/*
 * Adds one page that is in the state asked for. Return: false if the page is in another state, or
 * the batch has no room for what add_pages() may have to add after it.
 */
static inline bool add_single(struct exmap_interface *ifc, struct exmap_surface *s,
			      struct locked_block *locked, bool present, u32 vec, u64 page)
{
	struct exmap_run *run = &ifc->runs[ifc->nr_runs];
	u64 *where;

	/* add_pages() wants room for a run. */
	if (exmap_unlikely(ifc->nr_runs == EXMAP_BATCH_RUNS - 1 ||
			   !enter_block(locked, s, page / EXMAP_BLOCK_PAGES)))
		return false;
	where = exmap_block_word(s, locked->block, page);
	if (exmap_unlikely(exmap_claim_page(where, present) != EXMAP_CLAIM_RUN))
		return false;
	run->page = page;
	run->word = where;
	run->len = 1;
	run->vec = vec;
	run->step = 0;
	ifc->nr_runs++;
	ifc->nr_pages++;
	return true;
}

/*
 * Counts the vectors from iov[0] on that ask for one page each, neighbours in one block. iov[0] was
 * read as @asked, and iov[1] follows it.
 * @left: vectors that there are
 * @next: set to what the vector behind them was read as
 *
 * The client may write meanwhile. What was read last of a vector holds, and is not read again
 * [4.2].
 */
static inline u32 count_neighbours(const struct exmap_iov *iov, u32 left,
				   const struct exmap_surface *s, struct exmap_iov asked,
				   struct exmap_iov *next)
{
	u64 max;
	u32 n;

	/* Vectors outside the surface are answered one by one. */
	if (asked.len != 1 || asked.page >= s->nr_pages)
		return 1;
	/* Where the words of the next block cannot be had, only the vectors that need them fail. */
	max = EXMAP_BLOCK_PAGES - asked.page % EXMAP_BLOCK_PAGES;
	max = EXMAP_MIN(max, s->nr_pages - asked.page);
	if (max == 1)
		return 1;
	n = 2 + exmap_count_steps(&iov[2].value, EXMAP_MIN(left, max) - 2, asked.value + 2, 1);
	if (n < left)
		next->value = exmap_load(&iov[n].value);
	return n;
}

/*
 * Adds the vectors to the batch, one after the other, until the call does not go on. Inlined once
 * for each opcode, so that @present is a constant.
 */
static __always_inline void add_vectors(struct exmap_call *call, const struct exmap_iov *iov,
					u32 iov_len, bool present)
{
	struct exmap_interface *ifc = call->ifc;
	struct exmap_surface *s = call->s;
	struct exmap_iov next = { .value = exmap_load(&iov->value) };
	struct locked_block locked = { .block = NULL };
	u32 i = 0;

	while (i < iov_len) {
		struct exmap_iov asked = next;
		u64 len = asked.len;
		u32 vec = i++;
		u32 n = 1;

		ifc->result[vec].value = 0;
		if (exmap_likely(i < iov_len))
			next.value = exmap_load(&iov[i].value);
		/* The page is in the low bits: a neighbour's word is greater by 1. */
		if (exmap_likely(i == iov_len || next.value != asked.value + 1)) {
			if (exmap_likely(len == 1 && asked.page < s->nr_pages) &&
			    add_single(ifc, s, &locked, present, vec, asked.page))
				continue;
		} else {
			n = count_neighbours(&iov[vec], iov_len - vec, s, asked, &next);
		}
		leave_block(&locked);
		for (; i < vec + n; i++)
			exmap_put(&ifc->result[i].value, 0);
		if (n > 1)
			add_pages(call, vec, 1, asked.page, asked.page + n);
		else if (exmap_in_surface(s, asked.page, len))
			add_pages(call, vec, 0, asked.page, asked.page + len);
		else
			ifc->result[vec].res = -EFAULT;
		if (call->state != EXMAP_CALL_GOES_ON)
			break;
	}
	leave_block(&locked);
	if (call->state == EXMAP_CALL_GOES_ON)
		finish_batch(call);
}

/* The vector that ran out of frames answers ENOMEM, with its pages; those behind it ENOMEM and 0. */
static void fail_rest(struct exmap_call *call, u32 iov_len)
{
	struct exmap_iov *result = call->ifc->result;

	result[call->failed_vec].res = -ENOMEM;
	for (u32 i = call->failed_vec + 1; i < iov_len; i++)
		result[i].value = exmap_result(-ENOMEM, 0);
}

/* Writes the results where the client finds them. Return: how many are errors. */
static inline int answer(struct exmap_iov *iov, const struct exmap_iov *result, u32 n)
{
	int failed = 0;

	for (u32 i = 0; i < n; i++) {
		struct exmap_iov one = result[i];

		failed += one.res < 0;
		exmap_put(&iov[i].value, one.value);
	}
	return failed;
}

int exmap_action(struct exmap_call *call, struct exmap_iov *iov, u32 iov_len)
{
	if (call->opcode == EXMAP_OP_ALLOC)
		add_vectors(call, iov, iov_len, false);
	else
		add_vectors(call, iov, iov_len, true);
	if (exmap_unlikely(call->state == EXMAP_CALL_NO_SURFACE))
		return -EPROTO;
	if (exmap_unlikely(call->state == EXMAP_CALL_NO_FRAMES))
		fail_rest(call, iov_len);
	exmap_count(&call->ifc->counts.actions, 1);
	return answer(iov, call->ifc->result, iov_len);
}
