// SPDX-License-Identifier: MIT
/*
 * main.c - minicache: index real text in a file that is four times larger than its cache
 *
 * First counts the words of a text in memory, by libc's binary tree. Then counts them in a B+tree
 * in the pages of a file, of which the cache holds a quarter. Then looks every word up in the
 * file, and compares the two counts.
 *
 * Read memory.c first (what exmap is asked for), then cache.c, then tree.c.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "cache.h"
#include "crew.h"
#include "text.h"
#include "tree.h"

/* Bytes of text that one thread takes at a time. */
#define PIECE (64UL << 10)
/* How full a page of the tree is when words come in any order: about ln 2. */
#define WORDS_PER_PAGE (TREE_FANOUT * 2 / 3)

struct options {
	uint64_t frames;
	int threads;
	const char *file;
	bool exmap;
	double bench;
	uint64_t pages;
	size_t text;
	char *const *paths;
};

/* Shared by all threads: the numbers are atomic, the other fields do not change while threads run. */
struct demo {
	struct cache cache;
	struct text text;
	struct plain_count plain;
	uint64_t next; /* piece of text, or word to look up */
	uint64_t done; /* bytes, or words */
	uint64_t different; /* words that were new to the tree */
	uint64_t missing; /* words whose number in the tree is wrong */
	uint64_t invented; /* words in the tree that no text has */
};

static uint64_t add(uint64_t *counter, uint64_t n)
{
	return __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* A piece of text must not begin or end inside a word: returns @at, or the end of a word there. */
static const char *boundary(const struct text *text, uint64_t at)
{
	if (at > text->bytes)
		at = text->bytes;
	while (at > 0 && at < text->bytes && text_in_word(text->data[at]))
		at++;
	return text->data + at;
}

static void insert_words(void *arg)
{
	struct demo *d = arg;

	for (;;) {
		uint64_t start = add(&d->next, PIECE);
		const char *p = boundary(&d->text, start);
		const char *end = boundary(&d->text, start + PIECE);
		struct word word;

		if (start >= d->text.bytes)
			return;
		while (text_next(&p, end, &word)) {
			if (tree_add(&d->cache, &word, 1))
				add(&d->different, 1);
		}
		add(&d->done, PIECE);
	}
}

static void look_up_words(void *arg)
{
	struct demo *d = arg;
	uint64_t i;

	while ((i = add(&d->next, 1)) < d->plain.different) {
		const struct tally *t = &d->plain.words[i];
		struct word other = t->word;

		if (tree_get(&d->cache, &t->word) != t->n)
			add(&d->missing, 1);
		/* No word of a text has a blank in it. */
		other.text[0] = ' ';
		if (tree_get(&d->cache, &other))
			add(&d->invented, 1);
		add(&d->done, 1);
	}
}

static void report(const struct cache *c, const char *what, double seconds)
{
	progress_end();
	printf("%s: %.2f s; %lu pages of file, %lu frames (%.1f:1); reads %lu, writes %lu, "
	       "evictions %lu\n",
	       what, seconds, c->nr_pages, c->frames, (double)c->nr_pages / c->frames, c->reads,
	       c->writes, c->evictions);
	fflush(stdout);
}

static bool demo(const struct options *o, int file)
{
	static struct demo d;
	struct cache *c = &d.cache;
	double start = now();
	uint64_t pages;

	text_read(&d.text, o->paths, o->text);
	text_count(&d.text, &d.plain);
	progress_end();
	printf("text: %u files, %.1f MiB; %lu words, %zu different; counted plainly in %.2f s\n",
	       d.text.files, d.text.bytes / 1048576.0, d.plain.total, d.plain.different,
	       now() - start);
	fflush(stdout);

	start = now();
	pages = d.plain.different / WORDS_PER_PAGE;
	cache_open(c, file, o->exmap, o->frames ? o->frames : pages / 4, o->threads);
	tree_create(c);
	crew_run(o->threads, insert_words, &d, "inserting", &d.done, d.text.bytes);
	cache_close(c);
	report(c, "inserted", now() - start);

	/* This cache is empty at first, so all words come from the file. */
	start = now();
	d.next = d.done = 0;
	cache_open(c, file, o->exmap, o->frames ? o->frames : c->nr_pages / 4, o->threads);
	crew_run(o->threads, look_up_words, &d, "looking up", &d.done, d.plain.different);
	cache_close(c);
	report(c, "looked up", now() - start);

	if (d.different != d.plain.different || d.missing || d.invented) {
		printf("NOT verified: %lu different words, %lu numbers wrong, %lu words invented\n",
		       d.different, d.missing, d.invented);
		return false;
	}
	printf("all %zu words have the same number in the index as in the plain count\n",
	       d.plain.different);
	printf("verified\n");
	return true;
}

static int open_direct(const char *path)
{
	return open(path, O_RDWR | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0600);
}

/*
 * Opens the file that --file names; else a nameless file in the first directory whose filesystem
 * does O_DIRECT. The first is in memory, where Linux 6.6 and newer do that.
 */
static int open_file(const char *path)
{
	static const char *const directories[] = { "/dev/shm", "/tmp", "/var/tmp", "." };

	if (path) {
		int fd = open_direct(path);

		if (fd >= 0)
			return fd;
		if (errno != EINVAL)
			err(1, "%s", path);
		unlink(path);
		warnx("%s: no O_DIRECT on this filesystem; looking for another", path);
	}
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		char name[64];
		int fd;

		snprintf(name, sizeof(name), "%s/minicache-%d", directories[i], getpid());
		fd = open_direct(name);
		unlink(name);
		if (fd < 0)
			continue;
		printf("index: a nameless file in %s\n", directories[i]);
		return fd;
	}
	errx(1, "found no directory whose filesystem does O_DIRECT; name a file with --file");
}

enum { BACKEND = 256, BENCH, PAGES, TEXT };

static const struct argp_option table[] = {
	{ "frames", 'f', "N", 0, "Pages cached at one time (default: a quarter of the file)", 0 },
	{ "threads", 't', "N", 0, "Threads (default 2)", 0 },
	{ "file", 'F', "PATH", 0, "Index file (default: a nameless one, gone at the end)", 0 },
	{ "backend", BACKEND, "exmap|anon", 0,
	  "Pages from /dev/exmap (default), or anonymous memory and one madvise() for each that is "
	  "evicted",
	  0 },
	{ "text", TEXT, "KIB", 0, "Index that much text at most (default 8192)", 0 },
	{ "bench", BENCH, "SECONDS", 0, "Index numbered words instead, and time random look-ups",
	  0 },
	{ "pages", PAGES, "N", 0, "Size of the file for --bench (default 16384)", 0 },
	{ 0 },
};

static double number(struct argp_state *state, const char *arg, double min, double max)
{
	char *end;
	double value = strtod(arg, &end);

	if (end == arg || *end || !(value >= min && value <= max))
		argp_error(state, "'%s' is not a number from %g to %g", arg, min, max);
	return value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'f':
		o->frames = number(state, arg, 1, CACHE_MAX_PAGES);
		return 0;
	case 't':
		o->threads = number(state, arg, 1, 256);
		return 0;
	case 'F':
		o->file = arg;
		return 0;
	case BACKEND:
		if (strcmp(arg, "exmap") && strcmp(arg, "anon"))
			argp_error(state, "--backend is exmap or anon");
		o->exmap = !strcmp(arg, "exmap");
		return 0;
	case TEXT:
		o->text = number(state, arg, 1, 1 << 22) * 1024;
		return 0;
	case BENCH:
		o->bench = number(state, arg, 0.001, 1e6);
		return 0;
	case PAGES:
		o->pages = number(state, arg, 64, CACHE_MAX_PAGES / 2);
		return 0;
	case ARGP_KEY_ARGS:
		o->paths = state->argv + state->next;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = table,
		.parser = parse,
		.args_doc = "[FILE|DIRECTORY...]",
		.doc = "Index the words of files (default: the package lists and documentation of a "
		       "Debian system) in a file larger than its cache, and verify the index.",
	};
	struct options o = { .threads = 2, .exmap = true, .pages = 16384, .text = 8 << 20 };
	int file;
	bool good;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	file = open_file(o.file);
	good = o.bench ? bench(file, o.exmap, o.pages, o.frames, o.threads, o.bench) :
			 demo(&o, file);
	close(file);
	return good ? 0 : 1;
}
