// SPDX-License-Identifier: MIT
/*
 * tree.c - see tree.h
 *
 * Functions named attempt_...() run under cache_attempt(): they return false when a node has
 * changed under them, and are called again. On the way down the tree they hold no latch. What
 * they read of a node may be garbage until page_unchanged() or page_lock() returns true, so until
 * then they use it only in ways that are harmless with garbage.
 */

#define _GNU_SOURCE
#include "tree.h"

#include <endian.h>
#include <string.h>

#define ROOT 0

/**
 * struct entry - one word of a node
 * @word:   the word
 * @number: in a leaf: the word's number. In an inner node: the page of the child that has this
 *	    word and all words up to that of the next entry
 */
struct entry {
	struct word word;
	uint64_t number;
};

/**
 * struct node - the content of a page
 * @level:   0 for a leaf, else the height above the leaves
 * @count:   number of entries
 * @entries: in ascending order. In an inner node the word of entry 0 is not looked at: it counts
 *	     as less than any other.
 */
struct node {
	uint32_t level;
	uint32_t count;
	char padding[56];
	struct entry entries[TREE_FANOUT];
};

_Static_assert(sizeof(struct node) == PAGE_SIZE, "a node is a page");

/* Arguments and result of an attempt_...() function. */
struct request {
	struct cache *cache;
	const struct word *word;
	uint64_t n;
	bool added;
};

/* Compares as memcmp() does. ThreadSanitizer does not see its races, as it would memcmp()'s. */
RACY static int compare(const struct word *a, const struct word *b)
{
	for (int i = 0; i < WORD_BYTES; i += 8) {
		uint64_t x, y;

		__builtin_memcpy(&x, a->text + i, 8);
		__builtin_memcpy(&y, b->text + i, 8);
		if (x != y)
			return be64toh(x) < be64toh(y) ? -1 : 1;
	}
	return 0;
}

/*
 * Reads a field once, which another thread may be changing. Without volatile the compiler might
 * read it twice, and get two values.
 */
RACY static uint32_t peek32(const uint32_t *p)
{
	return *(const volatile uint32_t *)p;
}

RACY static uint64_t peek64(const uint64_t *p)
{
	return *(const volatile uint64_t *)p;
}

static uint32_t count_of(const struct node *node)
{
	uint32_t count = peek32(&node->count);

	return count <= TREE_FANOUT ? count : TREE_FANOUT;
}

/*
 * Returns the number of entries that are not greater than @word; at least 1 in an inner node. The
 * caller passes the level that it has read: if read again, it might have changed.
 */
RACY static uint32_t search(const struct node *node, uint32_t level, const struct word *word)
{
	uint32_t low = level ? 1 : 0;
	uint32_t high = count_of(node);

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (compare(&node->entries[middle].word, word) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool found(const struct node *node, uint32_t position, const struct word *word)
{
	return position && !compare(&node->entries[position - 1].word, word);
}

static bool attempt_get(void *arg)
{
	struct request *r = arg;
	struct cache *c = r->cache;
	uint64_t page = ROOT;
	uint64_t version = page_read(c, page);

	for (;;) {
		struct node *node = cache_page(c, page);
		uint32_t level = peek32(&node->level);
		uint32_t position = search(node, level, r->word);
		uint64_t child, child_version;

		if (!level) {
			r->n = 0;
			if (found(node, position, r->word))
				r->n = peek64(&node->entries[position - 1].number);
			return page_unchanged(c, page, version);
		}
		child = peek64(&node->entries[position - 1].number);
		if (!page_unchanged(c, page, version))
			return false;
		child_version = page_read(c, child);
		/* Was it still this node's child when its version was read? */
		if (!page_unchanged(c, page, version))
			return false;
		page = child;
		version = child_version;
	}
}

uint64_t tree_get(struct cache *c, const struct word *word)
{
	struct request r = { .cache = c, .word = word };

	cache_attempt(c, attempt_get, &r);
	return r.n;
}

/* Inserts an entry. The caller has latched @node, which is not full. */
static void insert(struct node *node, uint32_t position, const struct word *word, uint64_t number)
{
	struct entry *e = &node->entries[position];

	memmove(e + 1, e, (node->count - position) * sizeof(*e));
	e->word = *word;
	e->number = number;
	node->count++;
}

/* Moves the entries of the root, which is full and latched, to a new page, its only child then. */
static void grow(struct cache *c)
{
	struct node *root = cache_page(c, ROOT);
	uint64_t page = page_new(c);

	memcpy(cache_page(c, page), root, sizeof(*root));
	root->level++;
	root->count = 1;
	root->entries[0].number = page;
	page_unlock(c, page);
}

/* Moves the upper half of @page, which is full, to a new page, and adds that to @parent. */
static void split(struct cache *c, struct node *parent, uint64_t page)
{
	struct node *left = cache_page(c, page);
	uint64_t right_page = page_new(c);
	struct node *right = cache_page(c, right_page);
	uint32_t half = left->count / 2;

	right->level = left->level;
	right->count = left->count - half;
	memset(right->padding, 0, sizeof(right->padding));
	memcpy(right->entries, left->entries + half, right->count * sizeof(right->entries[0]));
	memset(right->entries + right->count, 0, half * sizeof(right->entries[0]));
	left->count = half;
	insert(parent, search(parent, parent->level, &right->entries[0].word),
	       &right->entries[0].word, right_page);
	page_unlock(c, right_page);
}

/* Makes room in @page, which is full. The caller then begins again at the root. */
static void make_room(struct cache *c, uint64_t parent, uint64_t parent_version, uint64_t page,
		      uint64_t version)
{
	if (page == ROOT) {
		if (!page_lock(c, page, version))
			return;
		grow(c);
		page_unlock(c, page);
		return;
	}
	if (!page_lock(c, parent, parent_version))
		return;
	if (page_lock(c, page, version)) {
		split(c, cache_page(c, parent), page);
		page_unlock(c, page);
		page_unlock(c, parent);
	} else {
		page_unlock_clean(c, parent);
	}
}

static bool attempt_add(void *arg)
{
	struct request *r = arg;
	struct cache *c = r->cache;
	uint64_t parent = ROOT, parent_version = 0;
	uint64_t page = ROOT;
	uint64_t version = page_read(c, page);
	struct node *node;
	uint32_t position;

	for (;;) {
		uint32_t level;
		uint64_t child;

		node = cache_page(c, page);
		level = peek32(&node->level);
		/* Full nodes are split on the way down, so a parent has room for a new child. */
		if (count_of(node) == TREE_FANOUT) {
			make_room(c, parent, parent_version, page, version);
			return false;
		}
		if (!level)
			break;
		child = peek64(&node->entries[search(node, level, r->word) - 1].number);
		if (!page_unchanged(c, page, version))
			return false;
		parent = page;
		parent_version = version;
		page = child;
		version = page_read(c, page);
		if (!page_unchanged(c, parent, parent_version))
			return false;
	}
	if (!page_lock(c, page, version))
		return false;
	position = search(node, 0, r->word);
	r->added = !found(node, position, r->word);
	if (r->added)
		insert(node, position, r->word, r->n);
	else
		node->entries[position - 1].number += r->n;
	page_unlock(c, page);
	return true;
}

bool tree_add(struct cache *c, const struct word *word, uint64_t n)
{
	struct request r = { .cache = c, .word = word, .n = n };

	cache_attempt(c, attempt_add, &r);
	return r.added;
}

void tree_create(struct cache *c)
{
	uint64_t root = page_new(c);

	memset(cache_page(c, root), 0, PAGE_SIZE);
	page_unlock(c, root);
}
