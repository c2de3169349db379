/* SPDX-License-Identifier: MIT */
/* pages.h - pages of an exmap, one at a time: the part of a client that knows <exmap.h> */
#ifndef PAGES_H
#define PAGES_H

#include <stddef.h>

#define PAGE_SIZE 4096UL

/**
 * struct pages - an exmap without a backing, used by one thread
 * @fd:        the exmap
 * @surface:   where page 0 is
 * @interface: where calls say which page they mean
 */
struct pages {
	int fd;
	char *surface;
	struct exmap_user_interface *interface;
};

/**
 * pages_open() - have @nr_pages pages, of which @nr_frames may be allocated at one time
 *
 * Return: 0 or a negative errno; -ENOENT where there is no /dev/exmap.
 */
int pages_open(struct pages *pages, size_t nr_pages, size_t nr_frames);

/* Return: the page, whose content is arbitrary; NULL if all frames are in use. */
char *pages_alloc(struct pages *pages, size_t page);

/* From now on the page may not be touched. */
void pages_free(struct pages *pages, size_t page);

#endif
