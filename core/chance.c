// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* chance.c - see chance.h */

#include "core/chance.h"

bool exmap_chance_parse(const char *text, u32 *p)
{
	u32 digit = EXMAP_CERTAIN;
	u64 value = 0;
	bool any = false;

	for (; *text >= '0' && *text <= '9'; text++, any = true)
		value = EXMAP_MIN(value * 10 + (*text - '0'), 2ULL);
	value *= EXMAP_CERTAIN;
	if (*text == '.')
		text++;
	for (; *text >= '0' && *text <= '9'; text++, any = true) {
		digit /= 10;
		value += (u64)(*text - '0') * digit;
	}
	*p = value;
	return any && !*text && value <= EXMAP_CERTAIN;
}
