/* SPDX-License-Identifier: MIT */
/*
 * memory.h - a surface with the pages of a file, and behind them *areas*: pages that show others
 *
 * The surface has as many pages as the file. Of these, as many can be there at one time as there are
 * frames. Area i belongs to interface i.
 *
 * Thread-safety: each interface, with its area, is used by one thread at a time.
 */
#ifndef BLOBS_MEMORY_H
#define BLOBS_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include <exmap_client.h>

#define PAGE_SIZE 4096UL

/* Neighbouring pages of the file. */
struct extent {
	uint64_t page;
	uint64_t len;
};

struct memory {
	struct exmap_client
		exmap; /* its page 0 is the file's; the areas follow behind the last one */
	uint64_t nr_pages;
	uint64_t area_pages;
	int file;
};

/**
 * memory_open() - open an exmap and map its surface
 * @file:       the file, opened O_DIRECT
 * @nr_pages:   pages of the file
 * @frames:     pages that can be there at one time
 * @interfaces: number of interfaces, and of areas
 * @area_pages: pages of an area
 *
 * Ends the program if that fails, as all functions here do.
 */
void memory_open(struct memory *m, int file, uint64_t nr_pages, uint64_t frames, int interfaces,
		 uint64_t area_pages);
void memory_close(struct memory *m);

/* Make pages that have no content yet; make some that hold what the file does; drop pages. */
void memory_alloc(struct memory *m, int interface, const struct extent *extents, int n);
void memory_read(struct memory *m, int interface, const struct extent *extents, int n);
void memory_free(struct memory *m, int interface, const struct extent *extents, int n);

/* Write pages to the file. */
void memory_write(struct memory *m, const struct extent *extents, int n);

/**
 * memory_show() - show extents one behind the other in the interface's area
 *
 * Their pages must be there, and stay until memory_hide().
 *
 * Return: the area's address.
 */
char *memory_show(struct memory *m, int interface, const struct extent *extents, int n);

/* End that. */
void memory_hide(struct memory *m, int interface);

static inline char *memory_at(const struct memory *m, uint64_t page)
{
	return exmap_client_page(&m->exmap, page);
}

#endif /* BLOBS_MEMORY_H */
