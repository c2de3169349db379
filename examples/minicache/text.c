// SPDX-License-Identifier: MIT
/* text.c - see text.h */

#define _GNU_SOURCE
#include "text.h"

#include <ctype.h>
#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crew.h"

static char *const debian[] = {
	(char *)"/var/lib/dpkg/status",
	(char *)"/usr/share/common-licenses",
	(char *)"/var/lib/dpkg/info",
	(char *)"/usr/share/doc",
	NULL,
};

/* For the callbacks of nftw() and twalk(), which get no argument. Used by one thread only. */
static struct text *reading;
static size_t read_limit;
static struct plain_count *collecting;

static bool is_text(const char *data, size_t bytes)
{
	return !memchr(data, '\0', bytes < 4096 ? bytes : 4096);
}

static void add_file(const char *path, size_t bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	/* A file that cannot be read is left out. */
	if (fd < 0)
		return;
	if (bytes > read_limit - reading->bytes)
		bytes = read_limit - reading->bytes;
	n = read(fd, reading->data + reading->bytes, bytes);
	close(fd);
	if (n <= 0 || !is_text(reading->data + reading->bytes, n))
		return;
	reading->bytes += n;
	reading->files++;
	if (reading->bytes < read_limit)
		reading->data[reading->bytes++] = '\n';
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type == FTW_F && S_ISREG(st->st_mode))
		add_file(path, st->st_size);
	return reading->bytes >= read_limit;
}

void text_read(struct text *text, char *const *paths, size_t limit)
{
	memset(text, 0, sizeof(*text));
	text->data = malloc(limit);
	if (!text->data)
		err(1, NULL);
	reading = text;
	read_limit = limit;
	if (!paths)
		paths = debian;
	for (; *paths && text->bytes < limit; paths++)
		nftw(*paths, visit, 16, FTW_PHYS);
	if (!text->bytes)
		errx(1, "found no text to index; name files or directories of it");
}

bool text_in_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_+-.", c)) || c & 0x80;
}

bool text_next(const char **p, const char *end, struct word *word)
{
	const char *start = *p;
	size_t len = 0;

	while (start < end && !text_in_word(*start))
		start++;
	while (start + len < end && text_in_word(start[len]))
		len++;
	*p = start + len;
	memset(word, 0, sizeof(*word));
	/* A longer word is cut to WORD_BYTES. */
	memcpy(word->text, start, len < WORD_BYTES ? len : WORD_BYTES);
	return len > 0;
}

static int compare_tallies(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct word));
}

static void collect(const void *node, VISIT order, int depth)
{
	(void)depth;
	if (order == postorder || order == leaf)
		collecting->words[collecting->different++] = **(struct tally *const *)node;
}

static void shuffle(struct plain_count *count)
{
	for (size_t i = count->different - 1; i > 0; i--) {
		size_t j = (((size_t)random() << 31) | random()) % (i + 1);
		struct tally t = count->words[i];

		count->words[i] = count->words[j];
		count->words[j] = t;
	}
}

void text_count(const struct text *text, struct plain_count *count)
{
	const char *p = text->data;
	const char *end = text->data + text->bytes;
	struct tally *spare = NULL;
	size_t different = 0;
	void *root = NULL;
	struct word word;

	memset(count, 0, sizeof(*count));
	while (text_next(&p, end, &word)) {
		struct tally **t;

		if (!spare)
			spare = calloc(1, sizeof(*spare));
		if (!spare)
			err(1, NULL);
		spare->word = word;
		t = tsearch(spare, &root, compare_tallies);
		if (!t)
			err(1, NULL);
		if (*t == spare) {
			spare = NULL;
			different++;
		}
		(*t)->n++;
		if (++count->total % 1024 == 0)
			progress("counting plainly", p - text->data, text->bytes);
	}
	free(spare);
	if (!different)
		errx(1, "found no words to index");
	count->words = calloc(different, sizeof(*count->words));
	if (!count->words)
		err(1, NULL);
	collecting = count;
	twalk(root, collect);
	tdestroy(root, free);
	shuffle(count);
}
