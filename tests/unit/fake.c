// SPDX-License-Identifier: MIT
/* fake.c - see fake.h */

#include "unit.h"

#include <stdlib.h>

#include "core/shadow.h"
#include "fake.h"

static void complain(struct fake *f)
{
	__atomic_add_fetch(&f->complaints, 1, __ATOMIC_RELAXED);
}

static void enter(struct fake *f, enum fake_op op, u32 id, const struct exmap_run *runs,
		  u32 nr_runs)
{
	bool at_once = op == FAKE_UNMAP || op == FAKE_UNSHADOW;
	u32 call = __atomic_fetch_add(&f->calls[op], 1, __ATOMIC_ACQ_REL);
	u64 total = 0;
	bool at_gate = false;

	if (__atomic_exchange_n(&f->running[id], 1, __ATOMIC_RELAXED))
		complain(f);
	if (!nr_runs || nr_runs > EXMAP_BATCH_RUNS)
		complain(f);
	for (u32 i = 0; i < nr_runs; i++) {
		total += runs[i].len;
		if (!runs[i].len || !exmap_in_surface(&f->s, runs[i].page, runs[i].len)) {
			complain(f);
			continue;
		}
		for (u64 page = runs[i].page; page < runs[i].page + runs[i].len; page++) {
			u64 word = exmap_load(&f->s.table[page]);

			u64 bits = EXMAP_WORD_BUSY;

			if (op < FAKE_SHADOW)
				bits |= EXMAP_WORD_FRAME;
			else if (op == FAKE_UNSHADOW)
				bits |= EXMAP_WORD_SHADOW;
			if ((word & bits) != bits)
				complain(f);
			if (!exmap_block_touched(&f->s, page / EXMAP_BLOCK_PAGES))
				complain(f);
		}
		at_gate |= f->gate_op == op && f->gate - runs[i].page < runs[i].len;
	}
	if (call < FAKE_LOG && f->nr_ifc == 1) {
		f->log[op][call] = total;
		f->log_runs[op][call] = nr_runs;
	}
	if (at_gate) {
		__atomic_add_fetch(&f->reached, 1, __ATOMIC_RELEASE);
		unit_wait_for(&f->open, 1);
	}
	if (f->hook && !at_once)
		f->hook(f, op, id);
}

static void leave(struct fake *f, u32 id)
{
	exmap_store(&f->running[id], 0);
}

static void map_page(struct fake *f, u64 page)
{
	u64 frame = exmap_word_frame(exmap_load(&f->s.table[page]));

	if (frame >= f->pool.nr_frames) {
		complain(f);
		return;
	}
	if (__atomic_exchange_n(&f->mapped[page], frame + 1, __ATOMIC_RELAXED))
		complain(f);
	if (__atomic_exchange_n(&f->holder[frame], page + 1, __ATOMIC_RELAXED))
		complain(f);
}

static void unmap_page(struct fake *f, u64 page)
{
	u64 frame = exmap_word_frame(exmap_load(&f->s.table[page]));

	/* After a read that failed half-way, unmap gets pages that were not mapped yet. */
	if (!exmap_load(&f->mapped[page]))
		return;
	if (__atomic_exchange_n(&f->mapped[page], 0, __ATOMIC_RELAXED) != frame + 1)
		complain(f);
	else if (__atomic_exchange_n(&f->holder[frame], 0, __ATOMIC_RELAXED) != page + 1)
		complain(f);
}

static bool fake_prepare(struct exmap_surface *s, u64 page, u64 len)
{
	struct fake *f = (struct fake *)s;

	if (!exmap_in_surface(s, page, len))
		complain(f);
	if (page + len > f->no_table)
		return false;
	for (u64 i = page; i < page + len; i++)
		__atomic_fetch_or(&s->touched[i / EXMAP_BLOCK_PAGES / 64],
				  1ull << i / EXMAP_BLOCK_PAGES % 64, __ATOMIC_RELAXED);
	return true;
}

static u64 fake_map(struct exmap_surface *s, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	struct fake *f = (struct fake *)s;
	u64 done = 0;

	enter(f, FAKE_MAP, id, runs, nr_runs);
	for (u32 i = 0; i < nr_runs; i++) {
		for (u32 j = 0; j < runs[i].len; j++) {
			if (exmap_load(&f->map_limit) != UINT64_MAX &&
			    (s64)__atomic_sub_fetch(&f->map_limit, 1, __ATOMIC_RELAXED) < 0) {
				exmap_store(&f->map_limit, 0);
				goto out;
			}
			map_page(f, runs[i].page + j);
			done++;
		}
	}
out:
	leave(f, id);
	return done;
}

static void fake_unmap(struct exmap_surface *s, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	struct fake *f = (struct fake *)s;

	enter(f, FAKE_UNMAP, id, runs, nr_runs);
	for (u32 i = 0; i < nr_runs; i++) {
		for (u32 j = 0; j < runs[i].len; j++) {
			u64 page = runs[i].page + j;
			u64 *word = &s->table[page];

			if (f->pinned[page])
				exmap_store(word, exmap_load(word) | EXMAP_WORD_PRESENT);
			else
				unmap_page(f, page);
		}
	}
	leave(f, id);
	if (f->hook)
		f->hook(f, FAKE_UNMAP, id);
}

/* Bytes that a read of the backing gets. */
static s64 in_backing(const struct fake *f, u64 page, u32 len)
{
	u64 start = page << EXMAP_PAGE_SHIFT;

	if (f->fill_error || start >= f->eof)
		return f->fill_error;
	return EXMAP_MIN((u64)len << EXMAP_PAGE_SHIFT, f->eof - start);
}

static s64 fake_fill(struct exmap_surface *s, u32 id, u64 page, u32 len)
{
	struct fake *f = (struct fake *)s;
	struct exmap_run run = { .page = page, .len = len };
	s64 ret = in_backing(f, page, len);

	enter(f, FAKE_FILL, id, &run, 1);
	for (s64 pos = 0; pos < ret; pos += EXMAP_PAGE_SIZE)
		map_page(f, page + (pos >> EXMAP_PAGE_SHIFT));
	leave(f, id);
	return ret;
}

/* The call owns no page, so its words are not looked at. */
static s64 fake_fetch(struct exmap_surface *s, u32 id, u64 page, u32 len)
{
	struct fake *f = (struct fake *)s;
	u32 call = f->calls[FAKE_FETCH]++;

	if (!len || len > EXMAP_FETCH_PAGES || !exmap_in_surface(s, page, len) ||
	    f->ifc[id].nr_runs)
		complain(f);
	if (call < FAKE_LOG)
		f->log[FAKE_FETCH][call] = len;
	f->fetched[id] = (struct exmap_range){ page, len };
	if (f->hook)
		f->hook(f, FAKE_FETCH, id);
	return in_backing(f, page, len);
}

static bool fake_store(struct exmap_surface *s, u32 id, const struct exmap_run *run, u32 from)
{
	struct fake *f = (struct fake *)s;
	const struct exmap_range *fetched = &f->fetched[id];

	enter(f, FAKE_STORE, id, run, 1);
	if (run->page != fetched->page + from || run->len > fetched->len - from)
		complain(f);
	for (u64 page = run->page; page < run->page + run->len; page++) {
		if (!exmap_load(&f->mapped[page]))
			complain(f);
		f->stored[page] += !f->no_memory;
	}
	leave(f, id);
	return !f->no_memory;
}

static bool fake_shadow(struct exmap_surface *s, u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	struct fake *f = (struct fake *)s;

	enter(f, FAKE_SHADOW, id, runs, nr_runs);
	for (u32 i = 0; i < nr_runs; i++) {
		for (u64 page = runs[i].page; page < runs[i].page + runs[i].len; page++) {
			u64 word = exmap_load(&s->table[page]);
			u64 source = exmap_source_of(word);
			bool there =
				!f->no_memory && exmap_is_present(exmap_load(&s->table[source]));

			if (!exmap_in_surface(s, source, 1))
				complain(f);
			if (!(word & EXMAP_WORD_SHADOW) != !exmap_load(&f->shows[page]))
				complain(f);
			exmap_store(&f->shows[page], there ? source + 1 : 0);
			exmap_store(&s->table[page],
				    there ? exmap_shown_word(source) : EXMAP_WORD_BUSY);
		}
	}
	leave(f, id);
	return !f->no_memory;
}

static void fake_unshadow(struct exmap_surface *s, u32 id, const struct exmap_run *runs,
			  u32 nr_runs)
{
	struct fake *f = (struct fake *)s;

	enter(f, FAKE_UNSHADOW, id, runs, nr_runs);
	for (u32 i = 0; i < nr_runs; i++) {
		for (u64 page = runs[i].page; page < runs[i].page + runs[i].len; page++) {
			u64 shown = exmap_source_of(exmap_load(&s->table[page]));

			/* The word names what is shown, as a frame does in the kernel. */
			if (__atomic_exchange_n(&f->shows[page], 0, __ATOMIC_RELAXED) != shown + 1)
				complain(f);
		}
	}
	leave(f, id);
	if (f->hook)
		f->hook(f, FAKE_UNSHADOW, id);
}

static bool fake_wait(struct exmap_surface *s, u32 id, unsigned int round)
{
	struct fake *f = (struct fake *)s;

	(void)id;
	exmap_wait(round);
	return !exmap_load(&f->gone);
}

static const struct exmap_surface_ops fake_ops = {
	.prepare = fake_prepare,
	.map = fake_map,
	.unmap = fake_unmap,
	.wait = fake_wait,
	.fill = fake_fill,
	.fetch = fake_fetch,
	.store = fake_store,
	.shadow = fake_shadow,
	.unshadow = fake_unshadow,
};

struct fake *fake_new(u64 nr_pages, u32 nr_frames, u32 nr_ifc)
{
	struct fake *f = unit_alloc(sizeof(*f));

	f->s = (struct exmap_surface){
		.ops = &fake_ops,
		.exmap = &f->x,
		.table = unit_alloc(nr_pages * sizeof(u64)),
		.blocks = unit_alloc(EXMAP_BLOCK_LOCKS * sizeof(struct exmap_block)),
		.touched = unit_alloc((nr_pages / EXMAP_BLOCK_PAGES / 64 + 1) * sizeof(u64)),
		.base = 0x7f0000000000,
		.nr_pages = nr_pages,
		.present_bits = EXMAP_WORD_PRESENT | EXMAP_WORD_WRITABLE | EXMAP_WORD_USER,
	};
	f->memory = unit_alloc(exmap_pool_size(nr_frames, nr_ifc));
	exmap_pool_init(&f->pool, f->memory, nr_frames, nr_ifc);
	f->nr_ifc = nr_ifc;
	f->ifc = unit_alloc(nr_ifc * sizeof(*f->ifc));
	f->user = unit_alloc(nr_ifc * sizeof(*f->user));
	f->x.nr_interfaces = nr_ifc;
	f->x.interfaces = unit_alloc(nr_ifc * sizeof(*f->x.interfaces));
	for (u32 i = 0; i < nr_ifc; i++) {
		f->x.interfaces[i] = &f->ifc[i];
		exmap_lock_init(&f->ifc[i].lock);
		f->ifc[i].id = i;
		f->ifc[i].user = &f->user[i];
		f->ifc[i].pool = &f->pool;
	}
	f->mapped = unit_alloc(nr_pages * sizeof(*f->mapped));
	f->holder = unit_alloc(nr_frames * sizeof(*f->holder));
	f->shows = unit_alloc(nr_pages * sizeof(*f->shows));
	f->stored = unit_alloc(nr_pages * sizeof(*f->stored));
	f->fetched = unit_alloc(nr_ifc * sizeof(*f->fetched));
	f->running = unit_alloc(nr_ifc * sizeof(*f->running));
	f->pinned = unit_alloc(nr_pages);
	f->map_limit = UINT64_MAX;
	f->no_table = UINT64_MAX;
	f->eof = UINT64_MAX;
	f->gate = FAKE_NO_PAGE;
	return f;
}

u64 fake_present(const struct fake *f)
{
	u64 n = 0;

	for (u64 page = 0; page < f->s.nr_pages; page++)
		n += exmap_load(&f->s.table[page]) & EXMAP_WORD_PRESENT;
	return n;
}

s64 fake_frame(const struct fake *f, u64 page)
{
	u64 word = exmap_load(&f->s.table[page]);

	return word & EXMAP_WORD_PRESENT ? (s64)exmap_word_frame(word) : -1;
}

void fake_check(struct fake *f)
{
	u32 n = f->pool.nr_frames;
	u32 *frames = unit_alloc((n + 1) * sizeof(*frames));
	u8 *seen = unit_alloc(n);
	u64 allocated = 0;
	u64 freed = 0;
	u64 present = 0;
	u32 got;

	assert_int_equal(f->complaints, 0);
	exmap_shadow_check(&f->x, &f->s);
	for (u64 page = 0; page < f->s.nr_pages; page++) {
		u64 word = exmap_load(&f->s.table[page]);

		assert_int_equal(word & (EXMAP_WORD_BUSY | EXMAP_WORD_FRAME), 0);
		assert_int_equal(!f->shows[page], !(word & EXMAP_WORD_SHADOW));
		if (!word || word & EXMAP_WORD_SHADOW) {
			assert_int_equal(f->mapped[page], 0);
			continue;
		}
		assert_true(exmap_word_frame(word) < n);
		assert_int_equal(word, exmap_present_of(&f->s, word));
		assert_int_equal(f->mapped[page], exmap_word_frame(word) + 1);
		assert_int_equal(seen[exmap_word_frame(word)]++, 0);
		present++;
	}
	for (u32 i = 0; i < f->nr_ifc; i++) {
		assert_int_equal(f->ifc[i].nr_runs, 0);
		allocated += f->ifc[i].counts.allocated;
		freed += f->ifc[i].counts.freed;
	}
	assert_int_equal(allocated - freed, present);
	assert_int_equal(exmap_pool_count(&f->pool), n - present);
	got = exmap_pool_get(&f->pool, 0, frames, n + 1);
	assert_int_equal(got, n - present);
	for (u32 i = 0; i < got; i++)
		assert_int_equal(seen[frames[i]]++, 0);
	exmap_pool_put(&f->pool, 0, frames, got);
	free(frames);
	free(seen);
}

void fake_free(struct fake *f)
{
	fake_check(f);
	exmap_pool_destroy(&f->pool);
	for (u32 i = 0; i < f->nr_ifc; i++)
		exmap_lock_destroy(&f->ifc[i].lock);
	free(f->s.table);
	free(f->s.blocks);
	free(f->s.touched);
	free(f->memory);
	free(f->x.interfaces);
	free(f->ifc);
	free(f->user);
	free(f->mapped);
	free(f->holder);
	free(f->shows);
	free(f->stored);
	free(f->fetched);
	free(f->running);
	free(f->pinned);
	free(f);
}

void fake_ask(struct fake *f, u32 id, u32 vec, u64 page, u64 len)
{
	struct exmap_iov iov = { .page = page, .len = len };

	exmap_store(&f->user[id].iov[vec].value, iov.value);
}

static struct exmap_call begin(struct fake *f, u32 id, u32 opcode)
{
	struct exmap_call call;

	exmap_call_init(&call, &f->ifc[id], &f->s, opcode);
	return call;
}

int fake_locked_do(struct fake *f, u32 id, unsigned int opcode, u32 n)
{
	struct exmap_call call = begin(f, id, opcode);

	return exmap_action(&call, f->ifc[id].user->iov, n);
}

int fake_bytes(struct fake *f, u32 id, unsigned int opcode, const struct iovec *range)
{
	struct exmap_call call = begin(f, id, opcode);

	return exmap_bytes(&call, range);
}

s64 fake_readv(struct fake *f, u32 id, unsigned int opcode, const struct iovec *iov, u32 n)
{
	struct exmap_call call = begin(f, id, opcode);

	return exmap_read(&call, iov, n);
}

int fake_show(struct fake *f, u32 id, u32 n, u64 target)
{
	struct exmap_call call = begin(f, id, EXMAP_OP_SHADOW);
	int ret;

	exmap_lock(&f->ifc[id].lock);
	ret = exmap_vectors(&call, f->ifc[id].user->iov, n, target);
	exmap_unlock(&f->ifc[id].lock);
	return ret;
}

int fake_rm_sd(struct fake *f, u32 id)
{
	struct exmap_call call = begin(f, id, EXMAP_OP_RM_SD);
	int ret;

	exmap_lock(&f->ifc[id].lock);
	ret = exmap_vectors(&call, f->ifc[id].user->iov, 0, 0);
	exmap_unlock(&f->ifc[id].lock);
	return ret;
}

s64 fake_shown(const struct fake *f, u64 page)
{
	u64 word = exmap_load(&f->s.table[page]);

	if (!(word & EXMAP_WORD_SHADOW) || word & EXMAP_WORD_ENDED)
		return -1;
	return (s64)f->shows[page] - 1;
}

int fake_do(struct fake *f, u32 id, unsigned int opcode, u32 n)
{
	int ret;

	exmap_lock(&f->ifc[id].lock);
	ret = fake_locked_do(f, id, opcode, n);
	exmap_unlock(&f->ifc[id].lock);
	return ret;
}

int fake_one(struct fake *f, u32 id, unsigned int opcode, u64 page, u64 len)
{
	struct exmap_iov iov;

	fake_ask(f, id, 0, page, len);
	fake_do(f, id, opcode, 1);
	iov.value = exmap_load(&f->user[id].iov[0].value);
	return iov.res ? iov.res : iov.pages;
}

void fake_expect(const struct fake *f, u32 id, u32 vec, int res, int pages)
{
	struct exmap_iov iov = { .value = exmap_load(&f->user[id].iov[vec].value) };

	assert_int_equal(iov.res, res);
	assert_int_equal(iov.pages, pages);
	assert_int_equal(iov.value >> 48, 0);
}

s64 fake_read(struct fake *f, u32 id, unsigned int opcode, u64 page, u64 len)
{
	struct iovec iov = {
		.iov_base = (void *)(uintptr_t)(f->s.base + (page << EXMAP_PAGE_SHIFT)),
		.iov_len = len << EXMAP_PAGE_SHIFT,
	};
	s64 ret;

	exmap_lock(&f->ifc[id].lock);
	ret = fake_readv(f, id, opcode, &iov, 1);
	exmap_unlock(&f->ifc[id].lock);
	return ret;
}
