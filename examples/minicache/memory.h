/* SPDX-License-Identifier: MIT */
/*
 * memory.h - where the pages of the cache live
 *
 * A range of virtual pages, page i of which is page i of the file. Two ways to
 * have one, chosen at run time:
 *
 * exmap: a surface of /dev/exmap. A page has a frame or has none, and then
 *	  touching it is SIGSEGV. A whole batch is freed with one call.
 * anon:  anonymous memory. A page that is freed reads as zeroes. One madvise()
 *	  for each page that is freed.
 */
#ifndef MINICACHE_MEMORY_H
#define MINICACHE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096
/* Pages freed at a time. */
#define MEMORY_BATCH 64

struct exmap_user_interface;
struct memory;

/**
 * struct memory_ops - what differs; callers hold the exclusive latch of each page
 * @read:  have a page appear, with its content from the file
 * @alloc: have a page appear, with any content
 * @free:  have up to MEMORY_BATCH pages vanish
 * @close: give everything back, except the file
 *
 * @thread tells callers apart: it is the number of their exmap interface.
 */
struct memory_ops {
	void (*read)(struct memory *m, int thread, uint64_t page);
	void (*alloc)(struct memory *m, int thread, uint64_t page);
	void (*free)(struct memory *m, int thread, const uint64_t *pages, int nr);
	void (*close)(struct memory *m);
};

struct memory {
	const struct memory_ops *ops;
	char *base;
	size_t bytes;
	int file;
	int fd; /* exmap: of /dev/exmap */
	int nr_threads;
	struct exmap_user_interface **interfaces; /* exmap: one for each thread */
};

/**
 * memory_open_exmap(), memory_open_anon() - get @nr_pages virtual pages
 * @file:   open, O_DIRECT; must stay open
 * @frames: how many pages are to be there at one time
 *
 * Like everything here they end the program with a message when they fail.
 */
void memory_open_exmap(struct memory *m, int file, uint64_t nr_pages, uint64_t frames,
		       int nr_threads);
void memory_open_anon(struct memory *m, int file, uint64_t nr_pages);

/* Any thread may call this with the latch of the page held, shared or exclusive. */
void memory_write(struct memory *m, uint64_t page);

#endif /* MINICACHE_MEMORY_H */
