/* SPDX-License-Identifier: MIT */
/* files.h - real files of this machine, and checksums of their content */
#ifndef BLOBS_FILES_H
#define BLOBS_FILES_H

#include <stddef.h>
#include <stdint.h>

struct file {
	char *path;
	size_t bytes; /* of it that are stored */
	uint64_t sum; /* of these bytes, when they were stored */
};

struct files {
	struct file *file; /* in the order of their paths */
	size_t n;
	size_t bytes; /* of all */
	size_t largest;
};

/**
 * files_find() - find regular files that are not empty and can be read
 * @f:     set to them
 * @paths: files and directories, NULL behind the last; NULL for those that every Debian has
 * @limit: bytes of all at most
 * @most:  bytes of one file at most; a longer one is cut
 */
void files_find(struct files *f, char *const *paths, size_t limit, size_t most);

/** files_named() - the file with that path, or NULL. */
struct file *files_named(const struct files *f, const char *path);

void files_free(struct files *f);

/* A checksum in pieces: of a whole object, or of its parts one after the other. */
struct sum {
	uint64_t lane[4];
	size_t bytes;
};

/* Adds bytes; all parts but the last are multiples of 32 bytes long. */
void sum_add(struct sum *sum, const char *data, size_t bytes);
uint64_t sum_value(const struct sum *sum);

#endif /* BLOBS_FILES_H */
