/* SPDX-License-Identifier: MIT */
/* file.h - a backing whose every byte tells where it is */
#ifndef EXMAP_TESTS_FILE_H
#define EXMAP_TESTS_FILE_H

#include "device.h"

/** unit_content() - the byte at an offset of the file; never 0. */
u8 unit_content(u64 pos);

/** unit_file() - a file without a name. Skips the test where open() refuses @flags (O_DIRECT). */
int unit_file(u64 size, int flags);

/** unit_expect_content() - @bytes of the file from @page on, and zeroes to the last one's end. */
void unit_expect_content(const struct device *d, u64 page, u64 bytes);

#endif /* EXMAP_TESTS_FILE_H */
