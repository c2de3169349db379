// SPDX-License-Identifier: MIT
/* mappings.c - see mappings.h */

#define _GNU_SOURCE
#include "emu/mappings.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "emu/generation.h"
#include "emu/registry.h"
#include "emu/sys.h"

/* The kernel's default. */
#define DEFAULT_LIMIT 65530

/* Protects the variables that follow. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* emu_generation() of the process whose claims and reserve these are. */
static u64 generation;
/* Mappings that living surfaces have claimed. */
static u64 claimed;
/* When a surface last claimed some: vm.max_map_count, and the mappings that were no surface's. */
static u64 limit, others;
/* The reserve: neighbouring pages of two protections in turn, each a mapping. NULL if given up. */
static char *reserve;
/* Whether @reserve is there in this generation. Atomic: read without the lock. */
static u64 filled;

void emu_mappings_lock(void)
{
	pthread_mutex_lock(&lock);
	if (generation != emu_generation()) {
		/* The reserve is the parent's: MADV_DONTFORK. */
		generation = emu_generation();
		claimed = 0;
		reserve = NULL;
	}
}

void emu_mappings_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

u64 emu_mappings_limit(void)
{
	char text[32] = "";
	long fd = emu_sys(SYS_openat, AT_FDCWD, "/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);
	u64 number;

	if (fd >= 0) {
		emu_sys(SYS_read, fd, text, sizeof(text) - 1);
		emu_sys(SYS_close, fd);
	}
	number = strtoull(text, NULL, 10);
	return number ? number : DEFAULT_LIMIT;
}

/* Whether a mapping is a surface's, which is among the claimed ones. */
static bool is_claimed(uintptr_t start)
{
	struct emu_region region;

	return emu_region_find(start, start + 1, &region) && region.kind == EMU_REGION_SURFACE;
}

/* Return: number of mappings of this process, but for those of surfaces; 0 without /proc. */
static u64 count_mappings(void)
{
	long fd = emu_sys(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
	char text[4096];
	bool in_address = true;
	u64 address = 0;
	u64 n = 0;
	long len;

	if (fd < 0)
		return 0;
	/* A line begins with the first address in hexadecimal digits, and a dash. */
	while ((len = emu_sys(SYS_read, fd, text, sizeof(text))) > 0) {
		for (long i = 0; i < len; i++) {
			char c = text[i];

			if (c == '\n') {
				in_address = true;
				address = 0;
			} else if (in_address && c == '-') {
				in_address = false;
				n += !is_claimed(address);
			} else if (in_address) {
				address = address * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
			}
		}
	}
	emu_sys(SYS_close, fd);
	return n;
}

/* lock held. */
static u64 claim(u64 want)
{
	u64 taken = others + claimed;
	u64 left = limit > taken ? limit - taken : 0;

	want = EXMAP_MIN(want, left - left / 8);
	claimed += want;
	return want;
}

u64 emu_mappings_claim(u64 want)
{
	u64 now = emu_mappings_limit();

	emu_mappings_lock();
	limit = now;
	others = count_mappings();
	want = claim(want);
	emu_mappings_unlock();
	return want;
}

u64 emu_mappings_claim_more(u64 want)
{
	emu_mappings_lock();
	want = claim(want);
	emu_mappings_unlock();
	return want;
}

void emu_mappings_return(u64 n)
{
	emu_mappings_lock();
	claimed -= EXMAP_MIN(n, claimed);
	emu_mappings_unlock();
}

/* lock held. */
static bool make_reserve(void)
{
	size_t len = EMU_RESERVE_MAPPINGS * EXMAP_PAGE_SIZE;
	char *pages = (char *)emu_sys(SYS_mmap, NULL, len, PROT_NONE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (emu_is_error(pages))
		return false;
	/* Under mlockall(MCL_FUTURE) the kernel would fill the readable pages. */
	emu_sys(SYS_munlock, pages, len);
	emu_sys(SYS_madvise, pages, len, MADV_DONTFORK);
	emu_sys(SYS_madvise, pages, len, MADV_DONTDUMP);
	for (size_t i = EXMAP_PAGE_SIZE; i < len; i += 2 * EXMAP_PAGE_SIZE) {
		if (emu_sys(SYS_mprotect, pages + i, EXMAP_PAGE_SIZE, PROT_READ)) {
			emu_sys(SYS_munmap, pages, len);
			return false;
		}
	}
	reserve = pages;
	exmap_store(&filled, generation);
	return true;
}

bool emu_reserve_fill(void)
{
	bool there;

	if (exmap_likely(exmap_load(&filled) == emu_generation()))
		return true;
	emu_mappings_lock();
	there = reserve || make_reserve();
	emu_mappings_unlock();
	return there;
}

bool emu_reserve_use(void)
{
	bool there;

	emu_mappings_lock();
	there = reserve;
	if (there) {
		emu_sys(SYS_munmap, reserve, EMU_RESERVE_MAPPINGS * EXMAP_PAGE_SIZE);
		reserve = NULL;
		exmap_store(&filled, 0);
	}
	emu_mappings_unlock();
	return there;
}
