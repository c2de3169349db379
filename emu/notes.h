/* SPDX-License-Identifier: MIT */
/*
 * notes.h - under option notes=1: why core/ let a call not through, and what a call did that may be
 * a mistake
 */
#ifndef EXMAP_EMU_NOTES_H
#define EXMAP_EMU_NOTES_H

#include "core/call.h"

/** emu_note_setup() - print why exmap_check_setup() or exmap_check_sizes() refused. */
void emu_note_setup(const struct exmap *x, const struct exmap_ioctl_setup *setup, int error);

/** emu_note_vectors() - print why exmap_check_vectors() refused; arguments as there. */
void emu_note_vectors(const struct exmap *x, u32 interface, u32 opcode, u32 iov_len, int error);

/** emu_note_read() - print why exmap_check_read() refused; arguments as there. */
void emu_note_read(const struct exmap *x, u64 offset);

/**
 * emu_note_results() - print what an action did that may be a mistake: a double FREE, for example
 * @call:    the call, which has ended; its interface is locked still
 * @asked:   the vectors, as they were
 * @iov_len: number of vectors; their results are in the interface's array
 */
void emu_note_results(const struct exmap_call *call, const struct exmap_iov *asked, u32 iov_len);

/**
 * emu_note_ranges() - print why a read returns less than it was asked for
 * @call:   the call, which has ended; its interface is locked still
 * @ranges: what it was asked for, @n ranges
 * @ret:    what it returns
 */
void emu_note_ranges(const struct exmap_call *call, const struct iovec *ranges, u32 n, s64 ret);

/**
 * emu_note_contention() - print that two threads use an interface at the same time
 * @ifc: the interface that the calling thread is about to lock
 */
void emu_note_contention(struct exmap_interface *ifc);

#endif /* EXMAP_EMU_NOTES_H */
