// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* action.c - ALLOC and FREE of one interface's vectors; see action.h */

#include "core/action.h"

/* Finishes the batch. Return: the vector that ran out of memory, or none. */
static u32 commit(struct exmap_interface *ifc, struct exmap_pool *pool, struct exmap_surface *s,
		  unsigned int opcode)
{
	u32 failed_vec = EXMAP_USER_INTERFACE_PAGES;

	if (!ifc->nr_runs)
		return failed_vec;
	if (opcode == EXMAP_OP_ALLOC) {
		exmap_batch_map(ifc, pool, s, &failed_vec);
		exmap_batch_publish(ifc, s);
	} else {
		s->ops->unmap(s, ifc->id, ifc->runs, ifc->nr_runs);
		exmap_batch_retire(ifc, pool, s);
	}
	return failed_vec;
}

/* Whether the words of a range are known to be there: most ranges are in one block. */
static bool prepared(const struct exmap_surface *s, u64 page, u64 end)
{
	u64 block = page / EXMAP_BLOCK_PAGES;

	return page < end && block == (end - 1) / EXMAP_BLOCK_PAGES &&
	       exmap_block_touched(s, block);
}

/* Not a vector: the surface has gone. */
#define GONE U32_MAX

/*
 * Adds pages to the batch, committing it whenever it must: one vector's, or with @step 1
 * those of vectors for one page each. Return: the vector that ran out of memory, or none,
 * or GONE.
 */
static u32 do_pages(struct exmap_interface *ifc, struct exmap_pool *pool, struct exmap_surface *s,
		    unsigned int opcode, u32 vec, u32 step, u64 first, u64 end)
{
	u32 failed_vec = EXMAP_USER_INTERFACE_PAGES;
	u64 page = first;
	unsigned int round = 0;

	if (opcode == EXMAP_OP_ALLOC && exmap_unlikely(!prepared(s, page, end)) &&
	    !s->ops->prepare(s, page, end - page)) {
		failed_vec = commit(ifc, pool, s, opcode);
		return EXMAP_MIN(failed_vec, vec);
	}
	while (page < end && failed_vec == EXMAP_USER_INTERFACE_PAGES) {
		struct exmap_run *run = &ifc->runs[ifc->nr_runs];
		enum exmap_claim claim =
			exmap_claim_run(s, opcode == EXMAP_OP_FREE, &page, end, run);

		if (exmap_likely(claim == EXMAP_CLAIM_RUN)) {
			run->vec = vec + (run->page - first) * step;
			run->step = step;
			ifc->nr_pages += run->len;
			if (++ifc->nr_runs == EXMAP_BATCH_RUNS)
				failed_vec = commit(ifc, pool, s, opcode);
		} else if (claim == EXMAP_CLAIM_BUSY) {
			/* Maybe it is the batch's own page: vectors may overlap. */
			if (ifc->nr_runs)
				failed_vec = commit(ifc, pool, s, opcode);
			else if (!s->ops->wait(s, ifc->id, round++))
				return GONE;
		}
	}
	return failed_vec;
}

/* One vector that stands nowhere: its result. */
static struct exmap_iov alloc_one(struct exmap_interface *ifc, struct exmap_pool *pool,
				  struct exmap_surface *s, u64 page, u32 len)
{
	u32 failed_vec;

	ifc->result[0].value = 0;
	failed_vec = do_pages(ifc, pool, s, EXMAP_OP_ALLOC, 0, 0, page, page + len);
	if (failed_vec == EXMAP_USER_INTERFACE_PAGES)
		failed_vec = commit(ifc, pool, s, EXMAP_OP_ALLOC);
	if (!failed_vec)
		ifc->result[0].res = -ENOMEM;
	else if (failed_vec == GONE)
		ifc->result[0].res = -EPROTO;
	return ifc->result[0];
}

int exmap_alloc_bytes(struct exmap_interface *ifc, struct exmap_pool *pool, struct exmap_surface *s,
		      const struct iovec *range)
{
	u64 addr = (u64)(uintptr_t)range->iov_base;
	u64 page = (addr - s->base) >> EXMAP_PAGE_SHIFT;
	u64 len = range->iov_len >> EXMAP_PAGE_SHIFT;
	u64 mapped = 0;

	/* The answer is the number of bytes, in an int. */
	if ((addr | range->iov_len) % EXMAP_PAGE_SIZE || range->iov_len > INT_MAX)
		return -EINVAL;
	if (addr < s->base || !exmap_in_surface(s, page, len))
		return -EFAULT;
	exmap_count(&ifc->counts.actions, 1);
	while (len) {
		u64 n = EXMAP_MIN(len, (1ULL << EXMAP_PAGE_LEN_BITS) - 1);
		struct exmap_iov result = alloc_one(ifc, pool, s, page, n);

		if (result.res < 0)
			return result.res;
		mapped += result.pages;
		page += n;
		len -= n;
	}
	return mapped << EXMAP_PAGE_SHIFT;
}

/* The block, the @nr-th, whose lock a call holds while it claims single pages; or NULL. */
struct claimer {
	struct exmap_block *block;
	u64 nr;
};

static inline void leave_block(struct claimer *c)
{
	if (c->block)
		exmap_spin_unlock(&c->block->lock);
	c->block = NULL;
}

static inline bool enter_block(struct claimer *c, const struct exmap_surface *s, u64 nr)
{
	if (exmap_likely(c->block && c->nr == nr))
		return true;
	leave_block(c);
	c->block = exmap_touched_block(s, nr);
	c->nr = nr;
	if (exmap_unlikely(!c->block))
		return false;
	exmap_spin_lock(&c->block->lock);
	return true;
}

/*
 * The usual vector, in few instructions: one page, in the state that it is asked
 * for in. Return: whether it was that, and is in the batch, which had room.
 */
static inline bool do_one(struct exmap_interface *ifc, struct exmap_surface *s, struct claimer *c,
			  unsigned int opcode, u32 vec, u64 page)
{
	struct exmap_run *run = &ifc->runs[ifc->nr_runs];
	u64 *where;

	if (exmap_unlikely(ifc->nr_runs == EXMAP_BATCH_RUNS - 1 ||
			   !enter_block(c, s, page / EXMAP_BLOCK_PAGES)))
		return false;
	where = exmap_block_word(s, c->block, page);
	if (exmap_unlikely(exmap_claim_page(where, opcode == EXMAP_OP_FREE) != EXMAP_CLAIM_RUN))
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
 * How many vectors from the first of @left on, which is @asked and which the second follows, ask
 * for one page each that are neighbours in one block; in @next what comes behind them. The client
 * may write while we read: what was seen last holds, and is looked at no more [4.2].
 */
static inline u32 count_singles(const struct exmap_iov *iov, u32 left,
				const struct exmap_surface *s, struct exmap_iov asked,
				struct exmap_iov *next)
{
	u64 max;
	u32 n;

	/*
	 * What is outside the surface goes one by one. And where the words of the next block
	 * cannot be had, only those fail that need them.
	 */
	if (asked.len != 1 || asked.page >= s->nr_pages)
		return 1;
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
 * Does vectors until one runs out of memory. Inlined once for each opcode, which
 * is then a constant in it. Return: that vector, or none, or GONE.
 */
static __always_inline u32 do_vectors(struct exmap_interface *ifc, struct exmap_pool *pool,
				      struct exmap_surface *s, const struct exmap_iov *iov,
				      unsigned int opcode, u32 iov_len)
{
	struct exmap_iov next = { .value = exmap_load(&iov->value) };
	u32 failed_vec = EXMAP_USER_INTERFACE_PAGES;
	struct claimer c = { .block = NULL };
	u32 i = 0;

	while (i < iov_len && failed_vec == EXMAP_USER_INTERFACE_PAGES) {
		struct exmap_iov asked = next;
		u64 len = asked.len;
		u32 vec = i++;
		u32 n = 1;

		ifc->result[vec].value = 0;
		if (exmap_likely(i < iov_len))
			next.value = exmap_load(&iov[i].value);
		/* The page is in the low bits. Mostly the next is no neighbour. */
		if (exmap_likely(i == iov_len || next.value != asked.value + 1)) {
			if (exmap_likely(len == 1 && asked.page < s->nr_pages) &&
			    do_one(ifc, s, &c, opcode, vec, asked.page))
				continue;
		} else {
			n = count_singles(&iov[vec], iov_len - vec, s, asked, &next);
		}
		leave_block(&c);
		for (; i < vec + n; i++)
			exmap_put(&ifc->result[i].value, 0);
		if (n > 1)
			failed_vec =
				do_pages(ifc, pool, s, opcode, vec, 1, asked.page, asked.page + n);
		else if (exmap_in_surface(s, asked.page, len))
			failed_vec = do_pages(ifc, pool, s, opcode, vec, 0, asked.page,
					      asked.page + len);
		else
			ifc->result[vec].res = -EFAULT;
	}
	leave_block(&c);
	if (failed_vec == EXMAP_USER_INTERFACE_PAGES)
		failed_vec = commit(ifc, pool, s, opcode);
	return failed_vec;
}

/* Hands the results over. Return: how many are errors. */
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

int exmap_action(struct exmap_interface *ifc, struct exmap_pool *pool, struct exmap_surface *s,
		 struct exmap_iov *iov, unsigned int opcode, unsigned int iov_len)
{
	u32 failed_vec;
	int failed;

	if (opcode == EXMAP_OP_ALLOC)
		failed_vec = do_vectors(ifc, pool, s, iov, EXMAP_OP_ALLOC, iov_len);
	else
		failed_vec = do_vectors(ifc, pool, s, iov, EXMAP_OP_FREE, iov_len);
	if (exmap_unlikely(failed_vec == GONE))
		return -EPROTO;
	if (exmap_unlikely(failed_vec < iov_len)) {
		ifc->result[failed_vec].res = -ENOMEM;
		for (u32 i = failed_vec + 1; i < iov_len; i++)
			ifc->result[i].value = exmap_result(-ENOMEM, 0);
	}
	failed = answer(iov, ifc->result, iov_len);
	exmap_count(&ifc->counts.actions, 1);
	return failed;
}
