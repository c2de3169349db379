// SPDX-License-Identifier: MIT
/* chance.c - see chance.h */

#include "emu/chance.h"

bool emu_chance_parse(const char *text, u32 *p)
{
	u32 digit = EMU_CERTAIN;
	u64 value = 0;
	bool any = false;

	for (; *text >= '0' && *text <= '9'; text++, any = true)
		value = EXMAP_MIN(value * 10 + (*text - '0'), 2ull);
	value *= EMU_CERTAIN;
	if (*text == '.')
		text++;
	for (; *text >= '0' && *text <= '9'; text++, any = true) {
		digit /= 10;
		value += (u64)(*text - '0') * digit;
	}
	*p = value;
	return any && !*text && value <= EMU_CERTAIN;
}
