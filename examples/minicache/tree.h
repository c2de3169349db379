/* SPDX-License-Identifier: MIT */
/*
 * tree.h - a B+tree of words and numbers, in the pages of a cache
 *
 * Page 0 is the root, always. Any number of threads may use a tree at once:
 * readers take no latch, writers latch only what they change ("optimistic lock
 * coupling"). Words are never removed.
 */
#ifndef MINICACHE_TREE_H
#define MINICACHE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "cache.h"

#define WORD_BYTES 56

/* The text is padded with zero bytes, and compares as bytes do. */
struct word {
	char text[WORD_BYTES];
};

#define TREE_FANOUT 63 /* entries of a node */

/* An empty tree in an empty file. */
void tree_create(struct cache *c);

/* Add @n to the number of @word, which is zero until then; true if it is new. */
bool tree_add(struct cache *c, const struct word *word, uint64_t n);

/* The number of @word, or 0. */
uint64_t tree_get(struct cache *c, const struct word *word);

#endif /* MINICACHE_TREE_H */
