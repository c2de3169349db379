/* SPDX-License-Identifier: MIT */
/*
 * failed.h - under option notes=1: why a call failed
 *
 * Each place in the source prints a few times only: a client that goes on after an error may make
 * the same one a million times.
 */
#ifndef EXMAP_EMU_FAILED_H
#define EXMAP_EMU_FAILED_H

#include <stdbool.h>

#include "core/platform.h"

/**
 * emu_wants_note() - whether a place in the source may print
 * @times: how often it has asked so far; atomic
 */
bool emu_wants_note(u32 *times);

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

#endif /* EXMAP_EMU_FAILED_H */
