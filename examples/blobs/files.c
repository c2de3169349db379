// SPDX-License-Identifier: MIT
/* files.c - see files.h */

#define _GNU_SOURCE
#include "files.h"

#include <err.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *const debian[] = {
	(char *)"/usr/bin",
	(char *)"/usr/lib/x86_64-linux-gnu",
	(char *)"/var/lib/dpkg/status",
	(char *)"/usr/share/doc",
	NULL,
};

/* For nftw()'s callback, which gets no argument. Used by one thread only. */
static struct files *finding;
static size_t find_limit;
static size_t find_most;

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct files *f = finding;
	size_t bytes = (size_t)st->st_size < find_most ? (size_t)st->st_size : find_most;

	(void)ftw;
	if (type != FTW_F || !S_ISREG(st->st_mode) || !bytes || access(path, R_OK) ||
	    bytes > find_limit - f->bytes)
		return 0;
	f->file = reallocarray(f->file, f->n + 1, sizeof(*f->file));
	if (!f->file)
		err(1, NULL);
	f->file[f->n] = (struct file){ .path = strdup(path), .bytes = bytes };
	if (!f->file[f->n++].path)
		err(1, NULL);
	f->bytes += bytes;
	if (bytes > f->largest)
		f->largest = bytes;
	/* The rest is not worth a walk through all directories. */
	return f->bytes > find_limit - find_limit / 64;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

void files_find(struct files *f, char *const *paths, size_t limit, size_t most)
{
	finding = f;
	find_limit = limit;
	find_most = most;
	for (paths = paths ? paths : debian; *paths; paths++) {
		if (nftw(*paths, visit, 16, FTW_PHYS) > 0)
			break;
	}
	if (!f->n)
		errx(1, "found no file; name some, or directories");
	qsort(f->file, f->n, sizeof(*f->file), by_path);
}

struct file *files_named(const struct files *f, const char *path)
{
	const struct file key = { .path = (char *)path };

	return bsearch(&key, f->file, f->n, sizeof(*f->file), by_path);
}

void files_free(struct files *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->file[i].path);
	free(f->file);
}

static uint64_t mix(uint64_t lane, uint64_t word)
{
	return (lane << 7 | lane >> 57) ^ (word + 0x9e3779b97f4a7c15);
}

void sum_add(struct sum *sum, const char *data, size_t bytes)
{
	size_t rest = bytes % sizeof(sum->lane);
	uint64_t word[4] = { 0 };

	for (size_t at = 0; at < bytes - rest; at += sizeof(word)) {
		memcpy(word, data + at, sizeof(word));
		for (int i = 0; i < 4; i++)
			sum->lane[i] = mix(sum->lane[i], word[i]);
	}
	memset(word, 0, sizeof(word));
	memcpy(word, data + bytes - rest, rest);
	for (int i = 0; rest && i < 4; i++)
		sum->lane[i] = mix(sum->lane[i], word[i]);
	sum->bytes += bytes;
}

uint64_t sum_value(const struct sum *sum)
{
	uint64_t value = sum->bytes;

	for (int i = 0; i < 4; i++)
		value = mix(value * 31, sum->lane[i]);
	return value;
}
