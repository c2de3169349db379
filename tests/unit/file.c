// SPDX-License-Identifier: MIT
/* file.c - see file.h */

#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"

u8 unit_content(u64 pos)
{
	return (pos * 31 + pos / EXMAP_PAGE_SIZE) % 255 + 1;
}

int unit_file(u64 size, int flags)
{
	char name[] = "exmap-unit-XXXXXX";
	u8 *bytes = unit_alloc(size + 1);
	int fd = mkstemp(name);
	int again;

	assert_true(fd >= 0);
	for (u64 pos = 0; pos < size; pos++)
		bytes[pos] = unit_content(pos);
	assert_int_equal(write(fd, bytes, size), size);
	free(bytes);
	assert_int_equal(fsync(fd), 0);
	again = open(name, flags);
	unlink(name);
	close(fd);
	if (again < 0) {
		print_message("no O_DIRECT in this directory\n");
		skip();
	}
	return again;
}

void unit_expect_content(const struct device *d, u64 page, u64 bytes)
{
	const u8 *p = (const u8 *)d->base + page * EXMAP_PAGE_SIZE;
	u64 i;

	for (i = 0; i < bytes; i++) {
		if (p[i] != unit_content(page * EXMAP_PAGE_SIZE + i))
			fail_msg("byte %llu is %u", (unsigned long long)i, p[i]);
	}
	for (; i % EXMAP_PAGE_SIZE; i++)
		assert_int_equal(p[i], 0);
}
