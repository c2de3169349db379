// SPDX-License-Identifier: MIT
/* file.c - the file that READs read */

#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CHUNK 256

int file_open(const struct plan *plan, int flags)
{
	int fd = open(plan->file, flags | O_CLOEXEC);

	if (fd < 0)
		die(plan->file);
	return fd;
}

/* Fills the file so that no two pages have the same content. */
static bool fill(int fd, size_t pages)
{
	uint64_t *block = aligned_alloc(PAGE, CHUNK * PAGE);
	uint64_t word = 0;
	bool good = block;

	for (size_t page = 0; good && page < pages; page += CHUNK) {
		for (size_t i = 0; i < CHUNK * PAGE / sizeof(*block); i++)
			block[i] = word += 0x9e3779b97f4a7c15;
		good = pwrite(fd, block, CHUNK * PAGE, page * PAGE) == CHUNK * (ssize_t)PAGE;
	}
	free(block);
	return good && !fsync(fd);
}

/* Makes a file in memory, so that no disk is measured; on disk if tmpfs refuses O_DIRECT. */
static int make(void)
{
	static const char *const folders[] = { "/dev/shm", "/tmp", "/var/tmp", "." };

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		/* A nameless file is deleted when no process has it open any more. */
		int fd = open(folders[i], O_TMPFILE | O_RDWR | O_DIRECT, 0600);

		if (fd >= 0)
			return fd;
	}
	fprintf(stderr, "exmap-bench: no folder takes a file with O_DIRECT; name one by --file\n");
	exit(1);
}

static void check_size(const char *path, size_t pages)
{
	int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);

	if (fd < 0)
		die(path);
	if (lseek(fd, 0, SEEK_END) < (off_t)(pages * PAGE)) {
		fprintf(stderr, "exmap-bench: %s is shorter than %zu pages; take fewer --pages\n",
			path, pages);
		exit(1);
	}
	close(fd);
}

const char *file_make(const char *path, size_t pages)
{
	static char made[32];
	int fd;

	if (path) {
		check_size(path, pages);
		return path;
	}
	fd = make();
	if (!fill(fd, pages))
		die("making a file to read");
	snprintf(made, sizeof(made), "/proc/self/fd/%d", fd);
	return made;
}
