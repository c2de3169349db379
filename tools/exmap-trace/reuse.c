// SPDX-License-Identifier: MIT
/*
 * reuse.c - see reuse.h
 *
 * The uses are numbered. A Fenwick tree has a 1 at the last use of each page, so the distance is the
 * sum behind the page's own last use: the algorithm of Bennett and Kruskal, "LRU stack processing",
 * IBM Journal of Research and Development 19(4), 1975. A hash table has the last use of each page.
 */

#include "reuse.h"

#include <stdlib.h>

#include "trace.h"

struct slot {
	uint64_t key;
	uint64_t use; /* number of the last use, from 1 on; 0 if the slot is free */
};

struct reuse {
	uint64_t uses;
	uint64_t pages;
	size_t most;
	uint64_t *tree;
	struct slot *slots;
	size_t nr_slots;
};

struct reuse *reuse_new(size_t most)
{
	struct reuse *reuse = need(calloc(1, sizeof(*reuse)));

	reuse->most = most;
	reuse->tree = need(calloc(most + 1, sizeof(*reuse->tree)));
	for (reuse->nr_slots = 16; reuse->nr_slots < 2 * most;)
		reuse->nr_slots *= 2;
	reuse->slots = need(calloc(reuse->nr_slots, sizeof(*reuse->slots)));
	return reuse;
}

void reuse_free(struct reuse *reuse)
{
	free(reuse->tree);
	free(reuse->slots);
	free(reuse);
}

static void change(struct reuse *reuse, uint64_t at, int64_t by)
{
	for (; at <= reuse->most; at += at & -at)
		reuse->tree[at] += by;
}

static uint64_t sum_to(const struct reuse *reuse, uint64_t at)
{
	uint64_t sum = 0;

	for (; at; at -= at & -at)
		sum += reuse->tree[at];
	return sum;
}

static struct slot *find(const struct reuse *reuse, uint64_t key)
{
	uint64_t at = key * 0x9e3779b97f4a7c15ULL >> 20;

	for (;; at++) {
		struct slot *slot = &reuse->slots[at & (reuse->nr_slots - 1)];

		if (!slot->use || slot->key == key)
			return slot;
	}
}

uint64_t reuse_add(struct reuse *reuse, uint64_t key)
{
	struct slot *slot = find(reuse, key);
	uint64_t distance = REUSE_FIRST;

	if (slot->use) {
		distance = reuse->pages - sum_to(reuse, slot->use);
		change(reuse, slot->use, -1);
	} else {
		reuse->pages++;
	}
	*slot = (struct slot){ key, ++reuse->uses };
	change(reuse, slot->use, 1);
	return distance;
}
