/* SPDX-License-Identifier: MIT */
/* file.h - a backing in which each byte is computed from its offset */
#ifndef EXMAP_TESTS_FILE_H
#define EXMAP_TESTS_FILE_H

#include "device.h"

/** unit_content() - the byte at offset @pos of the file; never 0. */
u8 unit_content(u64 pos);

/** unit_file() - make a nameless file. Skips the test if open() refuses @flags, as O_DIRECT. */
int unit_file(u64 size, int flags);

/** unit_expect_content() - assert @bytes of content from @page on, then zeroes up to a page. */
void unit_expect_content(const struct device *d, u64 page, u64 bytes);

#endif /* EXMAP_TESTS_FILE_H */
