/* SPDX-License-Identifier: MIT */
/*
 * sanitizers.h - telling a sanitizer that the client is built with about the pages of a surface
 *
 *	page                    AddressSanitizer   MemorySanitizer   ThreadSanitizer
 *	freed                   poisoned           uninitialised     releases what its thread did
 *	allocated               accessible         uninitialised     acquires what was released
 *	read from the backing   accessible         initialised       likewise
 *
 * The functions of the sanitizer's runtime are looked up by name. All functions: any thread.
 */
#ifndef EXMAP_EMU_SANITIZERS_H
#define EXMAP_EMU_SANITIZERS_H

#include <stdbool.h>
#include <stddef.h>

/** emu_sanitizers_find() - look for a runtime. Return: whether there is one. */
bool emu_sanitizers_find(void);

/** emu_sanitizers_freed() - pages are about to vanish. */
void emu_sanitizers_freed(const void *addr, size_t len);

/** emu_sanitizers_fresh() - pages appear, with arbitrary content. */
void emu_sanitizers_fresh(const void *addr, size_t len);

/** emu_sanitizers_filled() - pages have content. */
void emu_sanitizers_filled(const void *addr, size_t len);

/** emu_sanitizers_gone() - memory will belong to nobody: others may map something there. */
void emu_sanitizers_gone(const void *addr, size_t len);

/**
 * emu_sanitizers_on_error() - call a function when AddressSanitizer has printed a report
 * @tell: gets the address that the report is about
 */
void emu_sanitizers_on_error(void (*tell)(const void *addr));

#endif /* EXMAP_EMU_SANITIZERS_H */
