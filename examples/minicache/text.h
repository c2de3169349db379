/* SPDX-License-Identifier: MIT */
/* text.h - real text to index, and a plain count of its words to compare with */
#ifndef MINICACHE_TEXT_H
#define MINICACHE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "tree.h"

/* All of the text, in memory. */
struct text {
	char *data;
	size_t bytes;
	unsigned int files;
};

struct tally {
	struct word word;
	uint64_t n;
};

/* The different words of a text, in an order that has nothing to do with the text. */
struct plain_count {
	struct tally *words;
	size_t different;
	uint64_t total;
};

/**
 * text_read() - read files
 * @paths: NULL-terminated: files and directories; NULL for what is in every Debian
 * @limit: bytes to stop at
 */
void text_read(struct text *text, char *const *paths, size_t limit);

/* Take the next word from *@p on, before @end; false if there is none. */
bool text_next(const char **p, const char *end, struct word *word);

/* Whether a word may go on across this character. */
bool text_in_word(char c);

/* Count with the C library's binary tree. */
void text_count(const struct text *text, struct plain_count *count);

#endif /* MINICACHE_TEXT_H */
