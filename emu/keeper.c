// SPDX-License-Identifier: MIT
/* keeper.c - see keeper.h */

#include "emu/keeper.h"

#include "core/chance.h"
#include "emu/fence.h"
#include "emu/options.h"

/* Shuffling draws from a stream that no interface has. */
#define STREAM 1000

/**
 * struct emu_keeper - the free frames of one pool
 * @core:     what core/ calls; must be first
 * @pool:     the pool; constant
 * @size:     bytes of this structure and of all arrays; constant
 * @lock:     protects all fields below
 * @random:   state of the stream of random numbers
 * @nr_free:  number of frames in each list; list number pool->nr_lists is the depot
 * @nr_held:  number of frames in quarantine
 * @oldest:   where in @held the oldest of them is
 * @held:     the frames in quarantine: a ring with room for all
 * @giver:    for each frame in quarantine, the list that it will join
 * @frames:   the lists, each with room for all frames; pages of this array that no list has used take
 *            no memory
 */
struct emu_keeper {
	struct exmap_keeper core;
	struct exmap_pool *pool;
	size_t size;
	pthread_mutex_t lock;
	u64 random;
	u32 nr_free[EXMAP_MAX_INTERFACES + 1];
	u32 nr_held;
	u32 oldest;
	u32 *held;
	u16 *giver;
	u32 *frames;
};

static struct emu_keeper *keeper_of(const struct exmap_pool *pool)
{
	return (struct emu_keeper *)pool->keeper;
}

static u32 depot(const struct emu_keeper *k)
{
	return k->pool->nr_lists;
}

static u32 *frames_of(const struct emu_keeper *k, u32 list)
{
	return k->frames + (size_t)list * k->pool->nr_frames;
}

/* A list's number of free frames has changed; others read it, as that of core/'s lists. */
static void tell(const struct emu_keeper *k, u32 list)
{
	if (list < k->pool->nr_lists)
		exmap_store(&k->pool->lists[list].free, k->nr_free[list]);
}

static u32 random_below(struct emu_keeper *k, u32 n)
{
	return exmap_random_below(exmap_random(&k->random, emu_options()->shuffle, STREAM), n);
}

/* The list that interface @own takes frames from next. Return: a list that has some, or -1. */
static int next_list(const struct emu_keeper *k, u32 own)
{
	bool steals = emu_options()->steal;
	u32 n = k->pool->nr_lists;

	if (!steals && k->nr_free[own])
		return own;
	if (!steals && k->nr_free[depot(k)])
		return depot(k);
	for (u32 i = 1; i < n; i++) {
		if (k->nr_free[(own + i) % n])
			return (own + i) % n;
	}
	if (k->nr_free[depot(k)])
		return depot(k);
	return k->nr_free[own] ? (int)own : -1;
}

static void take_from(struct emu_keeper *k, u32 list, u32 *frames, u32 n)
{
	u32 *from = frames_of(k, list);

	for (u32 i = 0; i < n; i++) {
		u32 last = k->nr_free[list] - 1;
		u32 at = emu_options()->shuffle ? random_below(k, k->nr_free[list]) : last;

		frames[i] = from[at];
		from[at] = from[last];
		k->nr_free[list] = last;
	}
	tell(k, list);
}

static u32 release_oldest(struct emu_keeper *k)
{
	u32 frame = k->held[k->oldest];

	k->oldest = (k->oldest + 1) % k->pool->nr_frames;
	k->nr_held--;
	return frame;
}

static u32 keeper_get(struct exmap_pool *pool, u32 own, u32 *frames, u32 n)
{
	struct emu_keeper *k = keeper_of(pool);
	u32 got = 0;
	int list;

	pthread_mutex_lock(&k->lock);
	while (got < n && (list = next_list(k, own)) >= 0) {
		u32 some = EXMAP_MIN(n - got, k->nr_free[list]);

		take_from(k, list, frames + got, some);
		got += some;
		if ((u32)list != own && (u32)list != depot(k))
			exmap_store(&pool->lists[own].steals, pool->lists[own].steals + 1);
	}
	while (got < n && k->nr_held)
		frames[got++] = release_oldest(k);
	pthread_mutex_unlock(&k->lock);
	return got;
}

static void add(struct emu_keeper *k, u32 list, u32 frame)
{
	frames_of(k, list)[k->nr_free[list]++] = frame;
	tell(k, list);
}

static void keeper_put(struct exmap_pool *pool, u32 list, const u32 *frames, u32 n)
{
	struct emu_keeper *k = keeper_of(pool);

	pthread_mutex_lock(&k->lock);
	for (u32 i = 0; i < n; i++) {
		k->held[(k->oldest + k->nr_held++) % pool->nr_frames] = frames[i];
		k->giver[frames[i]] = list;
		if (k->nr_held > emu_options()->quarantine) {
			u32 frame = release_oldest(k);

			add(k, k->giver[frame], frame);
		}
	}
	pthread_mutex_unlock(&k->lock);
}

/* The depot gets all frames, the lowest of which is to be taken first, or any. */
static void keeper_reset(struct exmap_pool *pool)
{
	struct emu_keeper *k = keeper_of(pool);

	pthread_mutex_lock(&k->lock);
	for (u32 i = 0; i <= pool->nr_lists; i++) {
		k->nr_free[i] = 0;
		tell(k, i);
	}
	k->nr_held = 0;
	k->oldest = 0;
	for (u32 i = pool->nr_frames; i--;)
		add(k, depot(k), i);
	pthread_mutex_unlock(&k->lock);
}

static u64 keeper_count(struct exmap_pool *pool)
{
	struct emu_keeper *k = keeper_of(pool);
	u64 count;

	pthread_mutex_lock(&k->lock);
	count = k->nr_held;
	for (u32 i = 0; i <= pool->nr_lists; i++)
		count += k->nr_free[i];
	pthread_mutex_unlock(&k->lock);
	return count;
}

bool emu_keeper_wanted(void)
{
	const struct emu_options *options = emu_options();

	return options->quarantine || options->shuffle || options->steal;
}

bool emu_keeper_new(struct exmap_pool *pool)
{
	size_t frames = pool->nr_frames;
	size_t size = sizeof(struct emu_keeper) + frames * (sizeof(u32) + sizeof(u16)) +
		      frames * (pool->nr_lists + 1) * sizeof(u32);
	struct emu_keeper *k = emu_fenced_alloc(size);

	if (!k)
		return false;
	k->core = (struct exmap_keeper){ keeper_get, keeper_put, keeper_reset, keeper_count };
	k->pool = pool;
	k->size = size;
	pthread_mutex_init(&k->lock, NULL);
	k->frames = (u32 *)(k + 1);
	k->held = frames_of(k, pool->nr_lists + 1);
	k->giver = (u16 *)(k->held + frames);
	pool->keeper = &k->core;
	exmap_pool_reset(pool);
	return true;
}

void emu_keeper_free(struct exmap_pool *pool)
{
	struct emu_keeper *k = keeper_of(pool);

	if (!k)
		return;
	pool->keeper = NULL;
	pthread_mutex_destroy(&k->lock);
	emu_fenced_free(k, k->size);
}
