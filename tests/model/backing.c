// SPDX-License-Identifier: MIT
/*
 * backing.c - files to read pages from; see backing.h
 */
#include "backing.h"
#include "model.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const size_t backing_sizes[BACKINGS] = { PAGE + 512, 300 * PAGE, 1500 * PAGE + 1001 };

static uint64_t file_word(size_t offset)
{
	return (offset / 8 + 1) * 0xd6e8feb86659fd93ULL;
}

uint64_t backing_word(size_t offset, size_t bytes)
{
	size_t valid = offset < bytes ? bytes - offset : 0;
	uint64_t word = file_word(offset);

	/* Bytes past the end of the file are zero. */
	return valid < 8 ? word & ((1UL << valid * 8) - 1) : word;
}

/* An empty file in @dir that can be opened O_DIRECT, or -1. */
static int create_in(const char *dir, int *direct)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/exmap-test-XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -1;
	*direct = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	unlink(path);
	if (*direct < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int backing_create(size_t bytes)
{
	const char *dirs[] = { getenv("EXMAP_TEST_DIR"), ".", "/var/tmp", "/dev/shm" };
	size_t first = dirs[0] ? 0 : 1, last = dirs[0] ? 1 : sizeof(dirs) / sizeof(dirs[0]);
	uint64_t page[PAGE / 8];
	int fd = -1, direct = -1;

	for (size_t i = first; i < last && fd < 0; i++)
		fd = create_in(dirs[i], &direct);
	if (fd < 0)
		errx(1, "no directory for an O_DIRECT file: set EXMAP_TEST_DIR");
	for (size_t at = 0; at < bytes; at += PAGE) {
		size_t n = bytes - at < PAGE ? bytes - at : PAGE;

		for (size_t i = 0; i < PAGE / 8; i++)
			page[i] = file_word(at + i * 8);
		if (write(fd, page, n) != (ssize_t)n)
			err(1, "write of the backing file");
	}
	if (fsync(fd))
		err(1, "fsync of the backing file");
	close(fd);
	return direct;
}
