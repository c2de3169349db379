/* SPDX-License-Identifier: MIT */
/* say.h - what exmap-top says on stderr, and how it ends where it cannot go on */
#ifndef EXMAP_TOP_SAY_H
#define EXMAP_TOP_SAY_H

#include <stddef.h>

/** EXIT_CANNOT - exit status where exmap-top cannot do what was asked */
#define EXIT_CANNOT 2

/** fail() - one line on stderr, and the end with EXIT_CANNOT */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** must_realloc() - realloc(), or the end */
void *must_realloc(void *memory, size_t size);

#endif /* EXMAP_TOP_SAY_H */
