// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * action.c - ALLOC and FREE; see call.h
 *
 * exmap_action() reads the vectors in order. add_vectors() adds their pages to the batch:
 *
 * add_single()  the fast path: a vector for one page, which is EMPTY (ALLOC) or PRESENT (FREE)
 * add_pages()   everything else: a vector for several pages, a group of vectors for neighbouring
 *               pages (count_neighbours() finds such groups), a page in another state, a full batch
 *
 * finish_batch() maps or unmaps the pages of the batch.
 */

#include "core/batch.h"
#include "core/shadow.h"
#include "core/steps.h"

/* Maps or unmaps all pages of the batch. The call owns no page afterwards. */
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

/*
 * Whether a range is known to have words in the table. Checks one block only, which is enough for
 * most ranges; for others the answer is false.
 */
static bool prepared(const struct exmap_surface *s, u64 page, u64 end)
{
	u64 block = page / EXMAP_BLOCK_PAGES;

	return page < end && block == (end - 1) / EXMAP_BLOCK_PAGES &&
	       exmap_block_touched(s, block);
}

/*
 * Makes words in the table for a range that ALLOC asks for. If there is no memory for them, vector
 * @vec and all behind it answer ENOMEM.
 */
static bool prepare(struct exmap_call *call, u32 vec, u64 page, u64 end)
{
	if (exmap_likely(prepared(call->s, page, end)) ||
	    call->s->ops->prepare(call->s, page, end - page))
		return true;
	/*
	 * The vectors before @vec are performed. If one of them runs out of frames here, that one
	 * is the first that fails.
	 */
	finish_batch(call);
	if (call->state == EXMAP_CALL_GOES_ON) {
		call->state = EXMAP_CALL_NO_FRAMES;
		call->failed_vec = vec;
	}
	return false;
}

/*
 * Adds the pages from @first to @end - 1 to the batch. With @step 0 they belong to vector @vec.
 * With @step 1 each has a vector of its own: @first belongs to @vec, @first + 1 to @vec + 1, and so
 * on.
 *
 * Finishes the batch when it is full and when a page is BUSY or a shadow.
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
			/*
			 * The page may be BUSY because this call owns it: two vectors may name the
			 * same page. Finishing the batch settles that case. Otherwise the next turn
			 * ends a shadow there, or waits for the other call.
			 */
			if (ifc->nr_runs)
				finish_batch(call);
			else if (!exmap_shadow_yields(call, page, end) &&
				 !call->s->ops->wait(call->s, ifc->id, round++))
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

	/* The return value is a number of bytes in an int. */
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
 * A cursor: the block whose lock the fast path holds from one vector to the next. Neighbouring
 * vectors often name pages of one block, and taking the lock is most of what a single page costs.
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

/*
 * Locks block @nr in place of the one that was locked. Return: false, and no block is locked, if no
 * page of block @nr was ever claimed.
 */
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
 * Adds one page to the batch if it is in the state that the opcode needs.
 *
 * Return: false, and the batch has not changed, if the page is in another state, if no page of its
 * block was ever claimed, or if the batch has room for one more run only: add_pages() may need
 * that.
 */
static inline bool add_single(struct exmap_interface *ifc, struct exmap_surface *s,
			      struct locked_block *locked, bool present, u32 vec, u64 page)
{
	struct exmap_run *run = &ifc->runs[ifc->nr_runs];
	u64 *where;

	/* add_pages() expects that the batch has room for one run. */
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
 * Counts the vectors, from iov[0] on, that ask for one page each, of neighbouring pages in one
 * block. Example: {8,1} {9,1} {10,1} {20,1} gives 3.
 * @iov:  iov[0] was read as @asked, and iov[1] was read as its neighbour
 * @left: number of vectors from iov[0] on
 * @next: set to what the first vector behind the counted ones was read as, if there is one
 *
 * The client may write the vectors meanwhile. A vector that was counted is performed as counted and
 * is not read again [4.2].
 */
static inline u32 count_neighbours(const struct exmap_iov *iov, u32 left,
				   const struct exmap_surface *s, struct exmap_iov asked,
				   struct exmap_iov *next)
{
	u64 max;
	u32 n;

	/* A vector outside the surface gets a result of its own. */
	if (asked.len != 1 || asked.page >= s->nr_pages)
		return 1;
	/*
	 * Stops at the end of the block. If there is no memory for the words of the next block,
	 * only the vectors that need that block may fail.
	 */
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
 * Adds the pages of each vector to the batch, and finishes the batch at the end. Stops early if the
 * call's state says so. Inlined once for ALLOC and once for FREE, so that @present is a constant.
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
		/*
		 * The page number is in the low bits: the words of two vectors of one length, for
		 * neighbouring pages, differ by 1.
		 */
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
		else if (len || !ifc->leanstore)
			ifc->result[vec].res = -EFAULT;
		if (call->state != EXMAP_CALL_GOES_ON)
			break;
	}
	leave_block(&locked);
	if (call->state == EXMAP_CALL_GOES_ON)
		finish_batch(call);
}

/*
 * The call ran out of frames. The vector at which that happened answers ENOMEM, with the number of
 * its pages that did get a frame. Vectors behind it answer ENOMEM and 0 pages [4.6].
 */
static void fail_rest(struct exmap_call *call, u32 iov_len)
{
	struct exmap_iov *result = call->ifc->result;

	result[call->failed_vec].res = -ENOMEM;
	for (u32 i = call->failed_vec + 1; i < iov_len; i++)
		result[i].value = exmap_result(-ENOMEM, 0);
}

/* Copies the results to the client's page. Return: number of vectors that failed. */
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
	u32 done = iov_len;
	int failed;

	if (call->opcode == EXMAP_OP_ALLOC)
		add_vectors(call, iov, iov_len, false);
	else
		add_vectors(call, iov, iov_len, true);
	if (exmap_unlikely(call->state == EXMAP_CALL_NO_SURFACE))
		return -EPROTO;
	if (exmap_unlikely(call->state == EXMAP_CALL_NO_FRAMES)) {
		if (call->ifc->leanstore)
			done = call->failed_vec;
		else
			fail_rest(call, iov_len);
	}
	exmap_count(&call->ifc->counts.actions, 1);
	failed = answer(iov, call->ifc->result, done);
	return exmap_likely(done == iov_len) ? failed : -ENOMEM;
}
