// SPDX-License-Identifier: MIT
/* memory.c - mmap() and its like, where they touch an exmap */

#include "shim/real.h"

#include <stdarg.h>

#include "emu/vm.h"
#include "shim/fdtable.h"
#include "shim/libc_result.h"

/* Whether the emulator has a say in a range. */
static bool concerns_us(const void *addr, size_t len)
{
	return fdtable_any() && emu_vm_overlaps(addr, len);
}

/* Whether a mapping with these flags replaces what is in its place. */
static bool replaces(int flags)
{
	return flags & MAP_FIXED && (flags & MAP_FIXED_NOREPLACE) != MAP_FIXED_NOREPLACE;
}

/*
 * What a mapping replaces must not go if it fails, so it is made elsewhere first. (What a driver
 * refuses, as ours does, takes the kernel's mappings along.) Return: 0 or a negative errno.
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

static long make_room(const struct exmap_file *file, void *addr, size_t len, int prot, int flags,
		      int fd, off_t offset)
{
	long ret = 0;

	if (!concerns_us(addr, len))
		return 0;
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
	/* glibc's does nothing for this one, and MADV_DONTNEED is another thing. */
	return advice == POSIX_MADV_DONTNEED ? 0 : -emu_madvise(addr, len, advice);
}

EXPORT void *mremap(void *addr, size_t len, size_t new_len, int flags, ...)
{
	va_list args;
	void *new_addr;
	long room;

	va_start(args, flags);
	new_addr = va_arg(args, void *);
	va_end(args);
	/* A length of 0 asks for a second view of the page at the address. */
	if (concerns_us(addr, len ? len : 1))
		return libc_result_address((void *)emu_mremap(addr, len, new_len, flags, new_addr));
	if (fdtable_any() && flags & MREMAP_FIXED) {
		room = emu_make_room(new_addr, new_len);
		if (room)
			return libc_result_address((void *)room);
	}
	return REAL(mremap)(addr, len, new_len, flags, new_addr);
}
