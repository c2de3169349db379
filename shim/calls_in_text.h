/* SPDX-License-Identifier: MIT */
/*
 * calls_in_text.h - whether code has system call instructions
 *
 * First everything that looks like one counts. After calls_look_closer() only real ones do.
 *
 * Context: the start of the process, one thread.
 */
#ifndef EXMAP_SHIM_CALLS_IN_TEXT_H
#define EXMAP_SHIM_CALLS_IN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/** calls_in_text() - whether @len bytes of code have one. */
bool calls_in_text(const unsigned char *text, size_t len);

/** calls_look_closer() - from now on count real ones. Return: false, with a message, if it cannot. */
bool calls_look_closer(void);

/** calls_end() - free what calls_look_closer() has taken. */
void calls_end(void);

#endif /* EXMAP_SHIM_CALLS_IN_TEXT_H */
