/* SPDX-License-Identifier: MIT */
/*
 * notes.h - under option notes=1: why a call failed, and what it did that may be a mistake
 *
 * Each place in the source prints a few times only.
 */
#ifndef EXMAP_EMU_NOTES_H
#define EXMAP_EMU_NOTES_H

#include "core/call.h"

struct exmap_device;
struct exmap_file;

/**
 * emu_failed() - print why a call failed
 * @times:  how often this place has printed so far; atomic
 * @call:   name of the call
 * @error:  the negative errno
 * @format: the reason, as for printf(), with the clause of docs/spec.md in brackets
 *
 * Any thread. Return: @error.
 */
long emu_failed(u32 *times, const char *call, long error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** emu_fails() - emu_failed() of this place in the source. */
#define emu_fails(call, error, ...)                           \
	({                                                    \
		static u32 times;                             \
		emu_failed(&times, call, error, __VA_ARGS__); \
	})

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

#endif /* EXMAP_EMU_NOTES_H */
