/* SPDX-License-Identifier: MIT */
/*
 * memory.h - the memory of the cache
 *
 * A range of virtual pages; page i of it is for page i of the file. There are two kinds, one of
 * which is chosen at run time:
 *
 * exmap: a surface of /dev/exmap. To touch a page that is not allocated raises SIGSEGV. One call
 *	  frees a whole batch.
 * anon:  anonymous memory. A page that was freed reads as zeroes. Each page is freed by a
 *	  madvise() of its own.
 */
#ifndef MINICACHE_MEMORY_H
#define MINICACHE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include <exmap_client.h>

#define PAGE_SIZE 4096
/* Pages freed at a time. */
#define MEMORY_BATCH 64

struct memory;

/**
 * struct memory_ops - what each kind does in its own way
 * @read:  allocate a page, with its content from the file
 * @alloc: allocate a page, with arbitrary content
 * @free:  free up to MEMORY_BATCH pages
 * @close: free everything, except the file
 *
 * The caller has latched each page for writing. @thread is its number, and that of its exmap
 * interface.
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
	struct exmap_client exmap; /* exmap: an interface for each thread */
};

/**
 * memory_open_exmap(), memory_open_anon() - make a memory of each kind
 * @file:       open for reading and writing, with O_DIRECT; must stay open
 * @nr_pages:   virtual pages
 * @frames:     pages that may be allocated at one time
 * @nr_threads: number of threads, each of which gets an interface
 *
 * All functions of this file end the program with a message when they fail.
 */
void memory_open_exmap(struct memory *m, int file, uint64_t nr_pages, uint64_t frames,
		       int nr_threads);
void memory_open_anon(struct memory *m, int file, uint64_t nr_pages);

/* Write a page to the file. The caller has latched it, or set it to SHARED. Any thread. */
void memory_write(struct memory *m, uint64_t page);

#endif /* MINICACHE_MEMORY_H */
