// SPDX-License-Identifier: MIT
/* streams.c - fopen() and its like: libc opens and closes the fd behind a stream by itself */

#include "shim/real.h"

#include <string.h>

#include "shim/fdtable.h"
#include "shim/libc_result.h"
#include "shim/open.h"
#include "shim/path.h"

/* The kernel looks first, but not where it would make a file. */
static bool is_for_us(const char *path, const char *mode)
{
	return (*mode == 'w' || *mode == 'a') && path_leads_to_exmap(AT_FDCWD, path, true);
}

static int flags_of(const char *mode)
{
	int flags = strchr(mode, '+') ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;

	return flags | (strchr(mode, 'e') ? O_CLOEXEC : 0);
}

/* A stream of /dev/null becomes one of an exmap. Return: the stream, or NULL. */
static FILE *adopt(FILE *stream, const char *mode)
{
	if (!stream || open_on(fileno(stream), flags_of(mode)) >= 0)
		return stream;
	REAL(fclose)(stream);
	return NULL;
}

static FILE *do_fopen(FILE *(*real)(const char *, const char *), const char *path, const char *mode)
{
	FILE *stream = NULL;

	if (!is_for_us(path, mode)) {
		stream = real(path, mode);
		if (stream || !path_was_read(errno) || !path_leads_to_exmap(AT_FDCWD, path, true))
			return stream;
	} else if (strchr(mode, 'x')) {
		libc_result(-EEXIST);
		return NULL;
	}
	return adopt(real("/dev/null", mode), mode);
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
	return do_fopen(REAL(fopen), path, mode);
}

EXPORT FILE *fopen64(const char *path, const char *mode)
{
	return do_fopen(REAL(fopen64), path, mode);
}

/* Which exmap a stream is, that ends with it; the table stays locked. */
static struct exmap_file *take(FILE *stream)
{
	int fd = fileno(stream);

	return fdtable_lock() ? fdtable_take(fd) : NULL;
}

static void put(struct exmap_file *file)
{
	fdtable_unlock();
	if (file)
		emu_file_put(file);
}

static bool is_exmap(FILE *stream)
{
	return fdtable_any() && fdtable_read(fileno(stream));
}

EXPORT int fclose(FILE *stream)
{
	struct exmap_file *file;
	int ret;

	if (!is_exmap(stream))
		return REAL(fclose)(stream);
	file = take(stream);
	ret = REAL(fclose)(stream);
	put(file);
	return ret;
}

static FILE *do_freopen(FILE *(*real)(const char *, const char *, FILE *), const char *path,
			const char *mode, FILE *stream)
{
	bool ours = path && path_leads_to_exmap(AT_FDCWD, path, true);

	if (ours)
		path = "/dev/null";
	if (is_exmap(stream)) {
		struct exmap_file *file = take(stream);

		stream = real(path, mode, stream);
		put(file);
	} else {
		stream = real(path, mode, stream);
	}
	return ours ? adopt(stream, mode) : stream;
}

EXPORT FILE *freopen(const char *path, const char *mode, FILE *stream)
{
	return do_freopen(REAL(freopen), path, mode, stream);
}

EXPORT FILE *freopen64(const char *path, const char *mode, FILE *stream)
{
	return do_freopen(REAL(freopen64), path, mode, stream);
}
