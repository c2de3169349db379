/* SPDX-License-Identifier: MIT */
/*
 * backing.h - files of known content, to read pages from
 */
#ifndef TESTS_BACKING_H
#define TESTS_BACKING_H

#include <stddef.h>
#include <stdint.h>

/** backing_create - O_DIRECT fd of an unlinked file of backing_word()s; exits if it has none. */
int backing_create(size_t bytes);
/** backing_word - the 8 bytes at byte @offset of a page read from a file of @bytes bytes [5.5]. */
uint64_t backing_word(size_t offset, size_t bytes);

/*
 * The sizes of the files: one ends inside a page, one at the end of a page, and one inside a
 * sector.
 */
enum { BACKINGS = 3 };
extern const size_t backing_sizes[BACKINGS];

#endif
