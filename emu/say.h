/* SPDX-License-Identifier: MIT */
/*
 * say.h - messages to the person who runs the client: lines on stderr
 *
 * A call that goes well says nothing.
 */
#ifndef EXMAP_EMU_SAY_H
#define EXMAP_EMU_SAY_H

#include <stdbool.h>

/** emu_say() - one line on stderr, with our name before it; any thread, signal handlers too. */
void emu_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** emu_say_once() - the same, but only at the first call from this place. */
#define emu_say_once(...)                                                \
	do {                                                             \
		static bool said;                                        \
		if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED)) \
			emu_say(__VA_ARGS__);                            \
	} while (0)

#endif /* EXMAP_EMU_SAY_H */
