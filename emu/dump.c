// SPDX-License-Identifier: MIT
/* dump.c - see dump.h */

#define _GNU_SOURCE
#include "emu/dump.h"

#include <sys/mman.h>

#include "emu/sys.h"

/* Words of the bitmap of touched blocks for a part: 8 words, 512 blocks, 2 MiB of the table. */
#define PART_WORDS 8
#define PART_SIZE (PART_WORDS * 64 * EXMAP_BLOCK_PAGES * sizeof(u64))

void emu_dump_touch(struct emu_surface *s, u64 block)
{
	u64 part = block / 64 / PART_WORDS;
	const u64 *touched = &s->core.touched[part * PART_WORDS];
	size_t start = part * PART_SIZE;

	/*
	 * The bits behind the last block are there, and 0: the bitmap is a whole number of pages.
	 * Two threads that touch the part at once may both go on, which does no harm.
	 */
	for (int i = 0; i < PART_WORDS; i++) {
		if (exmap_load(&touched[i]))
			return;
	}
	if (__atomic_fetch_add(&s->dumped, 1, __ATOMIC_RELAXED) < EMU_DUMP_PARTS)
		emu_sys(SYS_madvise, (char *)s->core.table + start,
			EXMAP_MIN(s->table_len - start, PART_SIZE), MADV_DODUMP);
}
