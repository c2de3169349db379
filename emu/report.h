/* SPDX-License-Identifier: MIT */
/*
 * report.h - telling a person, and the tools that a person uses
 *
 * Nothing here is called by an ALLOC, FREE or READ that goes well, but for
 * the marks for valgrind, which cost a load and a branch without it.
 */
#ifndef EXMAP_EMU_REPORT_H
#define EXMAP_EMU_REPORT_H

#include <stdbool.h>
#include <stddef.h>

struct exmap_device;

/** emu_say() - one line on stderr, with our name before it; any thread, signal handlers too. */
void emu_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** emu_say_once() - the same, but only at the first call from this place. */
#define emu_say_once(...)                                                \
	do {                                                             \
		static bool said;                                        \
		if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED)) \
			emu_say(__VA_ARGS__);                            \
	} while (0)

/** emu_report_stats() - the table of one exmap's statistics on stderr. */
void emu_report_stats(struct exmap_device *dev);

/* Whether valgrind wants to know; atomic. */
extern bool emu_marking __attribute__((visibility("hidden")));

/** emu_start_marking() - find out; before there are pages. */
void emu_start_marking(void);

void emu_make_noaccess(const void *addr, size_t len);
void emu_make_undefined(const void *addr, size_t len);
void emu_make_defined(const void *addr, size_t len);

static inline bool emu_marks(void)
{
	return __builtin_expect(__atomic_load_n(&emu_marking, __ATOMIC_RELAXED), 0);
}

/*
 * For memcheck: a page without a frame may not be accessed, a fresh one has no
 * defined content, one that was read from the backing has.
 */
static inline void emu_mark_noaccess(const void *addr, size_t len)
{
	if (emu_marks())
		emu_make_noaccess(addr, len);
}

static inline void emu_mark_undefined(const void *addr, size_t len)
{
	if (emu_marks())
		emu_make_undefined(addr, len);
}

static inline void emu_mark_defined(const void *addr, size_t len)
{
	if (emu_marks())
		emu_make_defined(addr, len);
}

#endif /* EXMAP_EMU_REPORT_H */
