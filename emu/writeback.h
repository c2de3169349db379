/* SPDX-License-Identifier: MIT */
/* writeback.h - under option writeback=1: pages that FREE drops although they were not written */
#ifndef EXMAP_EMU_WRITEBACK_H
#define EXMAP_EMU_WRITEBACK_H

#include "core/call.h"

/**
 * emu_check_writeback() - compare the pages that a FREE is about to drop with the backing
 * @call: the call, which has not begun; its opcode is EXMAP_OP_FREE
 * @iov:  its vectors
 * @n:    number of vectors
 *
 * Prints, a few times, which page differs, and the caller's stack. Temporary pages differ, too: only
 * the user can tell. Does nothing for an exmap without a backing.
 */
void emu_check_writeback(const struct exmap_call *call, const struct exmap_iov *iov, u32 n);

#endif /* EXMAP_EMU_WRITEBACK_H */
