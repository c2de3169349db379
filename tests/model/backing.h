/* SPDX-License-Identifier: MIT */
/*
 * backing.h - files to read pages from, of a known content
 */
#ifndef TESTS_BACKING_H
#define TESTS_BACKING_H

#include <stddef.h>
#include <stdint.h>

/** backing_create - O_DIRECT fd of an unlinked file with backing_word() everywhere; dies without. */
int backing_create(size_t bytes);
/** backing_word - the 8 bytes at byte @offset of a page read from a file of @bytes bytes [5.5]. */
uint64_t backing_word(size_t offset, size_t bytes);

/*
 * The sizes tests use: the ends are in the middle of a page, of a sector, and
 * nowhere near the surface's.
 */
enum { BACKINGS = 3 };
extern const size_t backing_sizes[BACKINGS];

#endif
