// SPDX-License-Identifier: MIT
/*
 * streams.c - fopen(), freopen() and fclose()
 *
 * libc opens and closes the fd behind a stream inside itself, where the shim's open()
 * and close() are not called. So a stream of /dev/exmap is opened on /dev/null, and
 * its fd made an exmap by open_replace(), which ends in emu_open(). fclose() and
 * freopen() take the old fd out of fdtable.c's table: that ends in emu_file_put().
 */

#include "shim/real.h"

#include <string.h>

#include "shim/fdtable.h"
#include "shim/libc_result.h"
#include "shim/open.h"
#include "shim/path.h"

/* As in open.c: modes "w" and "a" would make a file named /dev/exmap. */
static bool must_not_reach_kernel(const char *path, const char *mode, enum emu_name *name)
{
	return (*mode == 'w' || *mode == 'a') && path_leads_to_exmap(AT_FDCWD, path, true, name);
}

/* open()'s flags for a mode of fopen(). */
static int flags_of(const char *mode)
{
	int flags = strchr(mode, '+') ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;

	return flags | (strchr(mode, 'e') ? O_CLOEXEC : 0);
}

/*
 * Makes a stream of /dev/null, or NULL, one of a new exmap. Return: the stream, or NULL with
 * errno set.
 */
static FILE *adopt(FILE *stream, const char *mode, enum emu_name name)
{
	if (!stream || open_replace(fileno(stream), flags_of(mode), name) >= 0)
		return stream;
	REAL(fclose)(stream);
	return NULL;
}

static FILE *do_fopen(FILE *(*real)(const char *, const char *), const char *path, const char *mode)
{
	FILE *stream = NULL;
	enum emu_name name;

	if (!must_not_reach_kernel(path, mode, &name)) {
		stream = real(path, mode);
		if (stream || !path_was_readable(errno) ||
		    !path_leads_to_exmap(AT_FDCWD, path, true, &name))
			return stream;
	} else if (strchr(mode, 'x')) {
		libc_result(-EEXIST);
		return NULL;
	}
	return adopt(real("/dev/null", mode), mode, name);
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
	return do_fopen(REAL(fopen), path, mode);
}

EXPORT FILE *fopen64(const char *path, const char *mode)
{
	return do_fopen(REAL(fopen64), path, mode);
}

/*
 * Locks the table, and takes the stream's fd out of it, which libc is about to close.
 * Return: the exmap, or NULL; release_fd() ends it in any case.
 */
static struct exmap_file *take_fd(FILE *stream)
{
	int fd = fileno(stream);

	return fdtable_lock() ? fdtable_take(fd) : NULL;
}

static void release_fd(struct exmap_file *file)
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
	file = take_fd(stream);
	ret = REAL(fclose)(stream);
	release_fd(file);
	return ret;
}

static FILE *do_freopen(FILE *(*real)(const char *, const char *, FILE *), const char *path,
			const char *mode, FILE *stream)
{
	enum emu_name name;
	bool ours = path && path_leads_to_exmap(AT_FDCWD, path, true, &name);

	if (ours)
		path = "/dev/null";
	if (is_exmap(stream)) {
		struct exmap_file *file = take_fd(stream);

		stream = real(path, mode, stream);
		release_fd(file);
	} else {
		stream = real(path, mode, stream);
	}
	return ours ? adopt(stream, mode, name) : stream;
}

EXPORT FILE *freopen(const char *path, const char *mode, FILE *stream)
{
	return do_freopen(REAL(freopen), path, mode, stream);
}

EXPORT FILE *freopen64(const char *path, const char *mode, FILE *stream)
{
	return do_freopen(REAL(freopen64), path, mode, stream);
}
