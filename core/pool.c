// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* pool.c - free frames; pool.h has the rules */

#include "core/pool.h"

/*
 * How many bundles a pool needs, so that exmap_pool_put() always finds an empty one:
 *
 * - Each list owns two.
 * - The depot holds at most nr_initial() bundles that are still as exmap_pool_init() filled them.
 * - All other bundles with frames in the depot were pushed there full: at most nr_frames / 512.
 *   When a put needs an empty bundle, its list's two bundles are full. Their 1024 frames are not in
 *   the depot, so of those nr_frames / 512 bundles at least two are empty.
 */
static u32 initial_fill(u32 nr_frames, u32 nr_lists)
{
	/*
	 * Small pools start with small bundles, so that each list gets some frames from the depot.
	 */
	u32 fill = nr_frames / (2 * nr_lists);

	return EXMAP_MIN(EXMAP_MAX(fill, 16u), (u32)EXMAP_BUNDLE_FRAMES);
}

static u32 nr_initial(u32 nr_frames, u32 fill)
{
	return nr_frames / fill + !!(nr_frames % fill);
}

static u32 nr_bundles(u32 nr_frames, u32 nr_lists)
{
	return nr_initial(nr_frames, initial_fill(nr_frames, nr_lists)) +
	       nr_frames / EXMAP_BUNDLE_FRAMES + 2 * nr_lists;
}

static size_t lists_size(u32 nr_lists)
{
	return sizeof(struct exmap_list) * nr_lists;
}

static size_t bundles_size(u32 nr)
{
	return sizeof(struct exmap_bundle) * nr;
}

size_t exmap_pool_size(u32 nr_frames, u32 nr_lists)
{
	size_t size = lists_size(nr_lists) + bundles_size(nr_bundles(nr_frames, nr_lists));

#ifdef EXMAP_CHECK
	size += nr_frames;
#endif
	return size;
}

static u64 stack_head(u32 index, u64 old)
{
	return index | ((old >> 32) + 1) << 32;
}

static void push(struct exmap_pool *pool, struct exmap_stack *stack, struct exmap_bundle *bundle)
{
	u32 index = bundle - pool->bundles;
	u64 old = exmap_load(&stack->head);

	do {
		exmap_store(&bundle->next, (u32)old);
	} while (!exmap_try_cmpxchg(&stack->head, &old, stack_head(index, old)));
}

static struct exmap_bundle *pop(struct exmap_pool *pool, struct exmap_stack *stack)
{
	u64 old = exmap_load_acquire(&stack->head);
	struct exmap_bundle *bundle;
	u32 next;

	do {
		if ((u32)old == EXMAP_NO_BUNDLE)
			return NULL;
		bundle = &pool->bundles[(u32)old];
		/*
		 * If another thread pops the bundle first, this value is stale. The exchange then
		 * fails, because the tag has changed.
		 */
		next = exmap_load(&bundle->next);
	} while (!exmap_try_cmpxchg(&stack->head, &old, stack_head(next, old)));
	return bundle;
}

#ifdef EXMAP_CHECK
static void debug_mark(struct exmap_pool *pool, const u32 *frames, u32 n, u8 in_use)
{
	for (u32 i = 0; i < n; i++) {
		exmap_assert(frames[i] < pool->nr_frames);
		exmap_assert(__atomic_exchange_n(&pool->in_use[frames[i]], in_use,
						 __ATOMIC_ACQ_REL) != in_use);
	}
}
#else
static void debug_mark(struct exmap_pool *pool, const u32 *frames, u32 n, u8 in_use)
{
	(void)pool, (void)frames, (void)n, (void)in_use;
}
#endif

void exmap_pool_reset(struct exmap_pool *pool)
{
	u32 frame = 0;

	exmap_store(&pool->full.head, EXMAP_NO_BUNDLE);
	exmap_store(&pool->empty.head, EXMAP_NO_BUNDLE);
	for (u32 i = 0; i < pool->nr_lists; i++) {
		struct exmap_list *list = &pool->lists[i];

		list->loaded = &pool->bundles[2 * i];
		list->spare = &pool->bundles[2 * i + 1];
		list->loaded->count = 0;
		list->spare->count = 0;
		exmap_store(&list->free, 0);
	}
	for (u32 i = 2 * pool->nr_lists; i < pool->nr_bundles; i++) {
		struct exmap_bundle *bundle = &pool->bundles[i];

		bundle->count = EXMAP_MIN(pool->fill, pool->nr_frames - frame);
		for (u32 j = 0; j < bundle->count; j++)
			bundle->frame[j] = frame++;
	}
	/*
	 * The last bundle pushed is the first popped, and frames are taken from a bundle's end.
	 * Both go downwards, so frames that a call takes from two bundles are neighbours. A backend
	 * may be able to map neighbouring frames at once.
	 */
	for (u32 i = 2 * pool->nr_lists; i < pool->nr_bundles; i++) {
		struct exmap_bundle *bundle = &pool->bundles[i];

		push(pool, bundle->count ? &pool->full : &pool->empty, bundle);
	}
	exmap_assert(frame == pool->nr_frames);
#ifdef EXMAP_CHECK
	memset(pool->in_use, 0, pool->nr_frames);
#endif
	if (exmap_keeper(pool))
		exmap_keeper(pool)->reset(pool);
}

void exmap_pool_init(struct exmap_pool *pool, void *memory, u32 nr_frames, u32 nr_lists)
{
	pool->nr_frames = nr_frames;
	pool->nr_lists = nr_lists;
	pool->nr_bundles = nr_bundles(nr_frames, nr_lists);
	pool->fill = initial_fill(nr_frames, nr_lists);
	pool->lists = memory;
	pool->bundles = (void *)((char *)memory + lists_size(nr_lists));
#ifdef EXMAP_CHECK
	pool->in_use = (u8 *)pool->bundles + bundles_size(pool->nr_bundles);
#endif
	exmap_lock_init(&pool->gate);
	pool->closed = 0;
#ifndef __KERNEL__
	pool->keeper = NULL;
#endif
	for (u32 i = 0; i < nr_lists; i++) {
		exmap_lock_init(&pool->lists[i].lock);
		pool->lists[i].victim = i;
		pool->lists[i].random = 0x9e3779b9u * (i + 1);
	}
	exmap_pool_reset(pool);
}

void exmap_pool_destroy(struct exmap_pool *pool)
{
	for (u32 i = 0; i < pool->nr_lists; i++)
		exmap_lock_destroy(&pool->lists[i].lock);
	exmap_lock_destroy(&pool->gate);
}

/* Locks a list. Waits while the gate is closed. */
static void lock_list(struct exmap_pool *pool, struct exmap_list *list)
{
	for (;;) {
		exmap_lock(&list->lock);
		if (exmap_likely(!exmap_load_acquire(&pool->closed)))
			return;
		exmap_unlock(&list->lock);
		exmap_lock(&pool->gate);
		exmap_unlock(&pool->gate);
	}
}

/*
 * Brings all lists to rest. Taking and releasing each list's lock waits for the thread that holds
 * it. A thread that takes the lock later sees that the gate is closed, and waits in lock_list(). A
 * thief tries other lists only while it holds its own, so thieves are waited for, too.
 */
static void close_gate(struct exmap_pool *pool)
{
	exmap_lock(&pool->gate);
	exmap_store(&pool->closed, 1);
	for (u32 i = 0; i < pool->nr_lists; i++) {
		exmap_lock(&pool->lists[i].lock);
		exmap_unlock(&pool->lists[i].lock);
	}
}

static void open_gate(struct exmap_pool *pool)
{
	exmap_store_release(&pool->closed, 0);
	exmap_unlock(&pool->gate);
}

static void swap_bundles(struct exmap_list *list)
{
	struct exmap_bundle *bundle = list->loaded;

	list->loaded = list->spare;
	list->spare = bundle;
}

static void update_free(struct exmap_list *list)
{
	exmap_store(&list->free, list->loaded->count + list->spare->count);
}

/*
 * Copies four frames at a time by one instruction. A memcpy() of a length that is not constant
 * would be a function call.
 */
static inline void copy_frames(u32 *restrict to, const u32 *restrict from, u32 n)
{
	for (; n >= 4; n -= 4, to += 4, from += 4)
		memcpy(to, from, 4 * sizeof(*to));
	while (n--)
		exmap_put(to++, *from++);
}

static u32 take_from(struct exmap_bundle *bundle, u32 *frames, u32 n)
{
	n = EXMAP_MIN(n, bundle->count);
	bundle->count -= n;
	copy_frames(frames, &bundle->frame[bundle->count], n);
	return n;
}

/*
 * Takes up to @n frames from the list's two bundles. Caller holds the list's lock, or all lists
 * rest.
 */
static u32 take_local(struct exmap_list *list, u32 *frames, u32 n)
{
	u32 got = take_from(list->loaded, frames, n);

	if (got < n && list->spare->count) {
		swap_bundles(list);
		got += take_from(list->loaded, frames + got, n - got);
	}
	update_free(list);
	return got;
}

/*
 * Takes up to @n frames from the list and the depot. Caller holds the list's lock, or all lists
 * rest.
 */
static u32 take(struct exmap_pool *pool, struct exmap_list *list, u32 *frames, u32 n)
{
	u32 got = take_local(list, frames, n);

	while (got < n) {
		struct exmap_bundle *bundle = pop(pool, &pool->full);

		if (!bundle)
			break;
		push(pool, &pool->empty, list->loaded);
		list->loaded = bundle;
		got += take_local(list, frames + got, n - got);
	}
	return got;
}

/*
 * Steals half the frames of list @victim, or @n frames if that is more. Up to @n go to @frames, the
 * others into the thief's loaded bundle, which is empty. Caller holds the thief's lock. The
 * victim's lock is only tried: two thieves may steal from each other at once, and would deadlock.
 */
static u32 steal_from(struct exmap_pool *pool, struct exmap_list *thief, u32 victim, u32 *frames,
		      u32 n)
{
	struct exmap_list *list = &pool->lists[victim];
	struct exmap_bundle *loot = thief->loaded;
	u32 got, extra;

	if (list == thief || !exmap_load(&list->free) || !exmap_trylock(&list->lock))
		return 0;
	extra = list->free / 2;
	got = take_local(list, frames, n);
	if (extra > got)
		loot->count +=
			take_local(list, &loot->frame[loot->count],
				   EXMAP_MIN(extra - got, EXMAP_BUNDLE_FRAMES - loot->count));
	exmap_unlock(&list->lock);
	update_free(thief);
	if (got) {
		thief->victim = victim;
		exmap_store(&thief->steals, thief->steals + 1);
	}
	return got;
}

static u32 random_list(struct exmap_pool *pool, struct exmap_list *list)
{
	list->random = list->random * 1664525u + 1013904223u;
	return (u64)list->random * pool->nr_lists >> 32;
}

/*
 * Steals from lists whose locks are free: the one that last gave, the fuller of two random ones,
 * then each in turn. Caller holds the thief's lock.
 */
static u32 steal(struct exmap_pool *pool, u32 thief, u32 *frames, u32 n)
{
	struct exmap_list *list = &pool->lists[thief];
	u32 a = random_list(pool, list);
	u32 b = random_list(pool, list);
	u32 got = steal_from(pool, list, list->victim, frames, n);

	if (got < n) {
		if (exmap_load(&pool->lists[a].free) < exmap_load(&pool->lists[b].free))
			a = b;
		got += steal_from(pool, list, a, frames + got, n - got);
	}
	for (u32 i = 1; got < n && i < pool->nr_lists; i++)
		got += steal_from(pool, list, (thief + i) % pool->nr_lists, frames + got, n - got);
	return got;
}

/*
 * The last sweep over the depot and all lists, at rest. Frames move only under a list's lock, so a
 * frame that is not found here is not free at this moment.
 */
static u32 sweep(struct exmap_pool *pool, u32 thief, u32 *frames, u32 n)
{
	struct exmap_list *own = &pool->lists[thief];
	u32 got;

	close_gate(pool);
	got = take(pool, own, frames, n);
	for (u32 i = 0; got < n && i < pool->nr_lists; i++) {
		u32 taken = take_local(&pool->lists[i], frames + got, n - got);

		if (taken && i != thief)
			exmap_store(&own->steals, own->steals + 1);
		got += taken;
	}
	open_gate(pool);
	return got;
}

u32 exmap_pool_get(struct exmap_pool *pool, u32 list, u32 *frames, u32 n)
{
	struct exmap_list *own = &pool->lists[list];
	u32 got;

	if (exmap_unlikely(exmap_keeper(pool))) {
		got = exmap_keeper(pool)->get(pool, list, frames, n);
		debug_mark(pool, frames, got, 1);
		return got;
	}
	lock_list(pool, own);
	got = take(pool, own, frames, n);
	if (exmap_unlikely(got < n))
		got += steal(pool, list, frames + got, n - got);
	exmap_unlock(&own->lock);
	if (exmap_unlikely(got < n))
		got += sweep(pool, list, frames + got, n - got);
	debug_mark(pool, frames, got, 1);
	return got;
}

void exmap_pool_put(struct exmap_pool *pool, u32 list, const u32 *frames, u32 n)
{
	struct exmap_list *own = &pool->lists[list];
	struct exmap_bundle *bundle;
	u32 room;

	debug_mark(pool, frames, n, 0);
	if (exmap_unlikely(exmap_keeper(pool))) {
		exmap_keeper(pool)->put(pool, list, frames, n);
		return;
	}
	lock_list(pool, own);
	while (n) {
		if (own->loaded->count == EXMAP_BUNDLE_FRAMES)
			swap_bundles(own);
		if (own->loaded->count == EXMAP_BUNDLE_FRAMES) {
			bundle = pop(pool, &pool->empty);
			exmap_assert(bundle);
			push(pool, &pool->full, own->loaded);
			own->loaded = bundle;
		}
		bundle = own->loaded;
		room = EXMAP_MIN(n, EXMAP_BUNDLE_FRAMES - bundle->count);
		copy_frames(&bundle->frame[bundle->count], frames, room);
		bundle->count += room;
		frames += room;
		n -= room;
	}
	update_free(own);
	exmap_unlock(&own->lock);
}

u64 exmap_pool_count(struct exmap_pool *pool)
{
	u64 count = 0;
	u64 head;

	if (exmap_keeper(pool))
		return exmap_keeper(pool)->count(pool);
	close_gate(pool);
	for (u32 i = 0; i < pool->nr_lists; i++)
		count += pool->lists[i].free;
	/* The stack does not change: a push or a pop needs some list's lock. */
	head = exmap_load_acquire(&pool->full.head);
	for (u32 i = (u32)head; i != EXMAP_NO_BUNDLE; i = exmap_load(&pool->bundles[i].next))
		count += pool->bundles[i].count;
	open_gate(pool);
	return count;
}
