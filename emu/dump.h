/* SPDX-License-Identifier: MIT */
/*
 * dump.h - which part of the page table is in a core file
 *
 * A debugger wants the page table. That of a surface of 1 TiB has 2 GiB, and the kernel gives memory
 * to all of it that it dumps. So only parts of 2 MiB, for 1 GiB of surface each, are dumped in which
 * a block was touched. Each part may become a mapping of its own, of which a process has few: a
 * surface has EMU_DUMP_PARTS at most.
 */
#ifndef EXMAP_EMU_DUMP_H
#define EXMAP_EMU_DUMP_H

#include "emu/surface.h"

/** EMU_DUMP_PARTS - the most parts of a page table that are dumped */
#define EMU_DUMP_PARTS 1024

/**
 * emu_dump_touch() - have the words of a block dumped
 * @block: a block that is not marked as touched yet, and is marked after this call
 *
 * Any thread.
 */
void emu_dump_touch(struct emu_surface *s, u64 block);

#endif /* EXMAP_EMU_DUMP_H */
