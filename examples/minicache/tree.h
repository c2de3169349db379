/* SPDX-License-Identifier: MIT */
/*
 * tree.h - a B+tree of words and numbers, in the pages of a cache
 *
 * Page 0 is always the root. Any number of threads may use a tree at the same time: readers take
 * no latch, writers latch only the nodes that they change ("optimistic lock coupling"). Words are
 * never removed.
 */
#ifndef MINICACHE_TREE_H
#define MINICACHE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "cache.h"

#define WORD_BYTES 56

/* A text, padded with zero bytes. Words are ordered by their bytes. */
struct word {
	char text[WORD_BYTES];
};

#define TREE_FANOUT 63 /* entries of a node */

/* Make an empty tree in an empty file. */
void tree_create(struct cache *c);

/* Add @n to the number of a word, which is 0 if the word is new. Returns whether it is new. */
bool tree_add(struct cache *c, const struct word *word, uint64_t n);

/* Returns the number of a word, 0 if it is not in the tree. */
uint64_t tree_get(struct cache *c, const struct word *word);

#endif /* MINICACHE_TREE_H */
