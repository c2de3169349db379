/* SPDX-License-Identifier: MIT */
/*
 * pages.h - pages of an exmap without a backing, one at a time: the part of a client that knows exmap
 *
 * For one thread: all calls go through one interface.
 */
#ifndef PAGES_H
#define PAGES_H

#include <exmap_client.h>

#define PAGE_SIZE EXMAP_CLIENT_PAGE

/**
 * pages_open() - have @nr_pages pages, of which @nr_frames may be allocated at one time
 *
 * Return: 0 or a negative errno; -ENOENT where there is no /dev/exmap.
 */
int pages_open(struct exmap_client *pages, size_t nr_pages, size_t nr_frames);

/* Return: the page, whose content is arbitrary; NULL if all frames are in use. */
char *pages_alloc(struct exmap_client *pages, size_t page);

/* From now on the page may not be touched. */
void pages_free(struct exmap_client *pages, size_t page);

#endif
