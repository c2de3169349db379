/* SPDX-License-Identifier: MIT */
/* text.h - the text to index, and a count of its words in memory to compare with */
#ifndef MINICACHE_TEXT_H
#define MINICACHE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "tree.h"

/* The whole text, in memory. */
struct text {
	char *data;
	size_t bytes;
	unsigned int files;
};

struct tally {
	struct word word;
	uint64_t n;
};

/* The different words of a text, in random order, and how often each occurs. */
struct plain_count {
	struct tally *words;
	size_t different;
	uint64_t total;
};

/**
 * text_read() - read files into memory
 * @text:  set to the text
 * @paths: files and directories, NULL behind the last; NULL for files that every Debian has
 * @limit: bytes of text at most
 */
void text_read(struct text *text, char *const *paths, size_t limit);

/* Find the next word from *@p on, before @end, and set *@p behind it. False if there is none. */
bool text_next(const char **p, const char *end, struct word *word);

/* Whether a character may be part of a word. */
bool text_in_word(char c);

/* Count the words of a text by libc's binary tree. */
void text_count(const struct text *text, struct plain_count *count);

#endif /* MINICACHE_TEXT_H */
