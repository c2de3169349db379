// SPDX-License-Identifier: MIT
/*
 * main.c - blobs: keep real files as large objects, of which a part is cached, and read them as spans
 *
 * First puts files into a store, with a checksum of each. Then threads get them by name, in random
 * order, each as one span of memory, and compare the checksums. There are fewer areas to show spans in
 * than threads, and fewer frames than pages.
 *
 * Read memory.c first (what exmap is asked for), then store.c.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "files.h"
#include "store.h"

struct options {
	uint64_t frames;
	int threads;
	int areas;
	int rounds;
	size_t limit;
	bool by_memcpy;
	const char *file;
	char *const *paths;
};

/* Shared by all threads: the numbers below @order are atomic, the rest is constant meanwhile. */
struct demo {
	struct store store;
	struct files files;
	struct blob *blobs;
	size_t *order; /* in which files are read */
	size_t total;
	size_t next;
	size_t changed; /* files that were cut while they were read */
	size_t wrong; /* spans without the content that was put */
	uint64_t bytes;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void run_threads(int n, void *(*work)(void *arg), struct demo *d)
{
	pthread_t *threads = calloc(n, sizeof(*threads));

	if (!threads)
		err(1, NULL);
	for (int i = 0; i < n; i++) {
		errno = pthread_create(&threads[i], NULL, work, d);
		if (errno)
			err(1, "pthread_create");
	}
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

/* A file that is just being put. */
struct putting {
	int fd;
	struct sum sum;
	struct demo *demo;
};

/* The file's next bytes, straight into the pages of an extent. One that has become shorter ends in zeroes. */
static void fill(char *to, size_t done, size_t bytes, void *arg)
{
	struct putting *p = arg;
	size_t got = 0;
	ssize_t n;

	while (got < bytes && (n = pread(p->fd, to + got, bytes - got, done + got)) > 0)
		got += n;
	if (got < bytes)
		__atomic_add_fetch(&p->demo->changed, 1, __ATOMIC_RELAXED);
	memset(to + got, 0, bytes - got);
	sum_add(&p->sum, to, bytes);
}

static void *put_files(void *arg)
{
	struct demo *d = arg;
	size_t i;

	while ((i = __atomic_fetch_add(&d->next, 1, __ATOMIC_RELAXED)) < d->files.n) {
		struct file *file = &d->files.file[i];
		struct putting p = { .demo = d };

		p.fd = open(file->path, O_RDONLY | O_CLOEXEC);
		if (p.fd < 0)
			err(1, "%s", file->path);
		store_put(&d->store, &d->blobs[i], file->bytes, fill, &p);
		close(p.fd);
		file->sum = sum_value(&p.sum);
	}
	return NULL;
}

static void *get_files(void *arg)
{
	struct demo *d = arg;
	size_t i;

	while ((i = __atomic_fetch_add(&d->next, 1, __ATOMIC_RELAXED)) < d->total) {
		const char *path = d->files.file[d->order[i % d->files.n]].path;
		struct file *file = files_named(&d->files, path);
		struct span span = store_get(&d->store, &d->blobs[file - d->files.file]);
		struct sum sum = { .bytes = 0 };

		sum_add(&sum, span.data, file->bytes);
		store_release(&d->store, &span);
		__atomic_add_fetch(&d->bytes, file->bytes, __ATOMIC_RELAXED);
		if (sum_value(&sum) != file->sum)
			__atomic_add_fetch(&d->wrong, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* A random order, the same each time. */
static void shuffle(size_t *order, size_t n)
{
	uint64_t random = 1;

	for (size_t i = 0; i < n; i++) {
		size_t j;

		random = random * 6364136223846793005 + 1442695040888963407;
		j = (random >> 33) % (i + 1);
		order[i] = order[j];
		order[j] = i;
	}
}

static bool demo(const struct options *o, int file)
{
	static struct demo d;
	struct store *s = &d.store;
	uint64_t pages = 0, largest, frames = o->frames;
	double start = now();

	files_find(&d.files, o->paths, o->limit, STORE_MAX_PAGES * PAGE_SIZE);
	for (size_t i = 0; i < d.files.n; i++)
		pages += (d.files.file[i].bytes + PAGE_SIZE - 1) / PAGE_SIZE;
	largest = (d.files.largest + PAGE_SIZE - 1) / PAGE_SIZE;
	if (!frames)
		frames = pages / 4 < largest ? largest : pages / 4;
	if (frames < largest)
		errx(1, "the largest file has %lu pages; ask for as many --frames", largest);
	d.blobs = calloc(d.files.n, sizeof(*d.blobs));
	d.order = calloc(d.files.n, sizeof(*d.order));
	if (!d.blobs || !d.order)
		err(1, NULL);
	store_open(s, file, store_pages(pages), frames, o->areas, o->by_memcpy, d.blobs, d.files.n);
	run_threads(o->threads, put_files, &d);
	printf("put: %zu files, %.1f MiB, the largest %.1f MiB; %.2f s\n", d.files.n,
	       d.files.bytes / 1048576.0, d.files.largest / 1048576.0, now() - start);
	fflush(stdout);

	shuffle(d.order, d.files.n);
	d.total = d.files.n * o->rounds;
	d.next = 0;
	start = now();
	run_threads(o->threads, get_files, &d);
	start = now() - start;
	printf("got, by %s: %zu spans, %.1f MiB; %.2f s, %.0f MiB/s; %d threads, %d areas; %lu frames "
	       "for %lu pages, read %lu pages, evicted %lu objects\n",
	       o->by_memcpy ? "memcpy" : "shadow", d.total, d.bytes / 1048576.0, start,
	       d.bytes / 1048576.0 / start, o->threads, o->areas, frames, pages, s->pages_read,
	       s->evictions);
	if (d.changed)
		printf("%zu files became shorter meanwhile\n", d.changed);
	store_close(s);
	files_free(&d.files);
	free(d.blobs);
	free(d.order);
	if (d.wrong) {
		printf("NOT verified: %zu spans were wrong\n", d.wrong);
		return false;
	}
	printf("verified\n");
	return true;
}

/*
 * Opens the store's file: the one that --file names; else a nameless one in the first directory whose
 * filesystem does O_DIRECT.
 */
static int open_file(const char *path)
{
	static const char *const directories[] = { "/dev/shm", "/tmp", "/var/tmp", "." };
	int flags = O_RDWR | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC;

	if (path) {
		int fd = open(path, flags, 0600);

		if (fd < 0)
			err(1, "%s (its filesystem must do O_DIRECT)", path);
		return fd;
	}
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		char name[64];
		int fd;

		snprintf(name, sizeof(name), "%s/blobs-%d", directories[i], getpid());
		fd = open(name, flags, 0600);
		unlink(name);
		if (fd >= 0)
			return fd;
	}
	errx(1, "found no directory whose filesystem does O_DIRECT; name a file with --file");
}

enum { MODE = 256, SIZE };

static const struct argp_option table[] = {
	{ "frames", 'f', "N", 0, "Pages cached at one time (default: a quarter of the files')", 0 },
	{ "threads", 't', "N", 0, "Threads (default 4)", 0 },
	{ "areas", 'a', "N", 0, "Areas, so spans at one time (default 3)", 0 },
	{ "rounds", 'r', "N", 0, "How often each file is read (default 4)", 0 },
	{ "mode", MODE, "shadow|memcpy", 0,
	  "Show an object's extents as one span (default), or copy them to a buffer", 0 },
	{ "file", 'F', "PATH", 0, "The store (default: a nameless file, gone at the end)", 0 },
	{ "size", SIZE, "MIB", 0, "Store that much at most (default 64)", 0 },
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
		o->frames = number(state, arg, 1, 1UL << 31);
		return 0;
	case 't':
		o->threads = number(state, arg, 1, 1024);
		return 0;
	case 'a':
		o->areas = number(state, arg, 1, 256);
		return 0;
	case 'r':
		o->rounds = number(state, arg, 1, 1e6);
		return 0;
	case MODE:
		if (strcmp(arg, "shadow") && strcmp(arg, "memcpy"))
			argp_error(state, "--mode is shadow or memcpy");
		o->by_memcpy = !strcmp(arg, "memcpy");
		return 0;
	case 'F':
		o->file = arg;
		return 0;
	case SIZE:
		o->limit = number(state, arg, 1, 1 << 20) * (1 << 20);
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
		.doc = "Store files (default: programs, libraries and documentation of a Debian "
		       "system) as large objects, read each as one span, and verify them.",
	};
	struct options o = { .threads = 4, .areas = 3, .rounds = 4, .limit = 64 << 20 };
	int file;
	bool good;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	file = open_file(o.file);
	good = demo(&o, file);
	close(file);
	return good ? 0 : 1;
}
