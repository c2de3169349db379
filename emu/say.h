/* SPDX-License-Identifier: MIT */
/*
 * say.h - messages on stderr, to the person who runs the client
 *
 * A message is one line: what stands in the way, and the way out. A call that succeeds prints
 * nothing.
 *
 * A program that has closed descriptor 2 may have got the number again, for its database. So nothing is
 * printed if the descriptor is a file, socket or block device that the program was not started with, and
 * that dup2() and the like have not put there, unless the file is opened as logs are.
 */
#ifndef EXMAP_EMU_SAY_H
#define EXMAP_EMU_SAY_H

#include <stdbool.h>
#include <stddef.h>

/**
 * emu_choose_stderr() - print on what descriptor 2 is now
 *
 * Done when the emulator is loaded. To be called when the program has put another file there on purpose.
 * Any thread.
 */
void emu_choose_stderr(void);

/** emu_has_stderr() - whether descriptor 2 is for messages. Any thread, in signal handlers too. */
bool emu_has_stderr(void);

/** emu_print() - print @len bytes on stderr, if there is one. Any thread, in signal handlers too. */
void emu_print(const char *text, size_t len);

/**
 * emu_say() - print one line on stderr, with "exmap: " before it
 * @format: as for printf(), without a newline; a line of more than 511 bytes is cut
 *
 * Any thread, in signal handlers too.
 */
void emu_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** emu_say_once() - like emu_say(), but each place in the source prints only once. */
#define emu_say_once(...)                                                \
	do {                                                             \
		static bool said;                                        \
		if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED)) \
			emu_say(__VA_ARGS__);                            \
	} while (0)

#endif /* EXMAP_EMU_SAY_H */
