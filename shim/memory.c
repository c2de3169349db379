// SPDX-License-Identifier: MIT
/*
 * memory.c - mmap(), munmap(), mprotect(), madvise() and mremap()
 *
 * A call that touches neither an exmap's fd nor its mappings goes on to libc.
 *
 *   mmap() of an exmap's fd                          emu_mmap()
 *   mmap(MAP_FIXED) over ours                        emu_make_room(), then libc
 *   munmap() of ours                                 emu_munmap()
 *   mprotect() of ours                               emu_mprotect()
 *   madvise(), posix_madvise() of ours               emu_madvise(); process_madvise.c does too
 *   mremap() of ours, or over ours                   emu_mremap()
 *
 * "Ours" is a range that has a page in it of a surface, an interface or a page-table
 * export, or of a fence around one.
 */

#include "shim/real.h"

#include <stdarg.h>

#include "emu/memory.h"
#include "emu/uffd.h"
#include "shim/blocked_threads.h"
#include "shim/fdtable.h"
#include "shim/libc_result.h"

/* Whether a range is "ours". */
static bool concerns_us(const void *addr, size_t len)
{
	return fdtable_any() && emu_vm_overlaps(addr, len);
}

/* Whether mmap() with these flags unmaps what is at its address. */
static bool replaces(int flags)
{
	return flags & MAP_FIXED && (flags & MAP_FIXED_NOREPLACE) != MAP_FIXED_NOREPLACE;
}

/*
 * Whether a MAP_FIXED mapping would succeed, found out by making it elsewhere and unmapping it.
 *
 * emu_make_room() unmaps the surface that is to be replaced. If the mapping failed only then, the
 * client would have lost its surface to a call that changed nothing. Return: 0 or a negative errno.
 */
static long rehearse(size_t len, int prot, int flags, int fd, off_t offset)
{
	int elsewhere = (flags & ~(MAP_FIXED | MAP_POPULATE | MAP_LOCKED)) | MAP_NORESERVE;
	void *trial = (void *)emu_sys(SYS_mmap, NULL, len, prot, elsewhere, fd, offset);

	if (emu_is_error(trial))
		return (long)trial;
	emu_sys(SYS_munmap, trial, len);
	return 0;
}

/* Unmaps the surfaces that a MAP_FIXED mapping replaces. Return: 0 or a negative errno. */
static long make_room(const struct exmap_file *file, void *addr, size_t len, int prot, int flags,
		      int fd, off_t offset)
{
	long ret = 0;

	if (!concerns_us(addr, len))
		return 0;
	/* What an exmap's fd maps only emu_mmap() knows: that cannot be tried elsewhere. */
	if (!file)
		ret = rehearse(len, prot, flags, fd, offset);
	return ret ? ret : emu_make_room(addr, len);
}

static void *do_mmap(void *(*real)(void *, size_t, int, int, int, off_t), void *addr, size_t len,
		     int prot, int flags, int fd, off_t offset)
{
	struct exmap_file *file = flags & MAP_ANONYMOUS ? NULL : fdtable_get(fd);
	void *ret;

	if (fdtable_any() && replaces(flags)) {
		long room = make_room(file, addr, len, prot, flags, fd, offset);

		if (room) {
			if (file)
				emu_file_put(file);
			return libc_result_address((void *)room);
		}
	}
	if (!file)
		return real(addr, len, prot, flags, fd, offset);
	ret = emu_mmap(file, addr, len, prot, flags, offset);
	emu_file_put(file);
	if (emu_uffd_used())
		blocked_threads_open();
	return libc_result_address(ret);
}

EXPORT void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return do_mmap(REAL(mmap), addr, len, prot, flags, fd, offset);
}

EXPORT void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t offset)
{
	return do_mmap(REAL(mmap), addr, len, prot, flags, fd, offset);
}

EXPORT int munmap(void *addr, size_t len)
{
	if (concerns_us(addr, len))
		return libc_result(emu_munmap(addr, len));
	return REAL(munmap)(addr, len);
}

EXPORT int mprotect(void *addr, size_t len, int prot)
{
	if (concerns_us(addr, len))
		return libc_result(emu_mprotect(addr, len, prot));
	return REAL(mprotect)(addr, len, prot);
}

EXPORT int madvise(void *addr, size_t len, int advice)
{
	if (concerns_us(addr, len))
		return libc_result(emu_madvise(addr, len, advice));
	return REAL(madvise)(addr, len, advice);
}

EXPORT int posix_madvise(void *addr, size_t len, int advice)
{
	if (!concerns_us(addr, len))
		return REAL(posix_madvise)(addr, len, advice);
	/* glibc ignores POSIX_MADV_DONTNEED, for its MADV_DONTNEED would discard the pages. */
	return advice == POSIX_MADV_DONTNEED ? 0 : -emu_madvise(addr, len, advice);
}

EXPORT void *mremap(void *addr, size_t len, size_t new_len, int flags, ...)
{
	va_list args;
	void *target;

	va_start(args, flags);
	target = va_arg(args, void *);
	va_end(args);
	/* A length of 0 asks for a second mapping of the page at the address. */
	if (concerns_us(addr, len ? len : 1) ||
	    (flags & MREMAP_FIXED && concerns_us(target, new_len)))
		return libc_result_address((void *)emu_mremap(addr, len, new_len, flags, target));
	return REAL(mremap)(addr, len, new_len, flags, target);
}
