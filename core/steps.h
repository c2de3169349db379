/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* steps.h - words of an array that go up by equal steps */
#ifndef EXMAP_CORE_STEPS_H
#define EXMAP_CORE_STEPS_H

#include "core/platform.h"

/**
 * exmap_count_steps() - how many of @n words are @value, @value + @step, and so on
 *
 * Others may write meanwhile: what was seen last of a word holds.
 */
static inline u64 exmap_count_steps(const u64 *word, u64 n, u64 value, u64 step)
{
	u64 i = 0;

	/* Four at a time; those that are not all equal are looked at anew. */
	for (; i + 4 <= n; i += 4, value += 4 * step) {
		u64 differ = exmap_load(&word[i]) ^ value;

		differ |= exmap_load(&word[i + 1]) ^ (value + step);
		differ |= exmap_load(&word[i + 2]) ^ (value + 2 * step);
		differ |= exmap_load(&word[i + 3]) ^ (value + 3 * step);
		if (differ)
			break;
	}
	while (i < n && exmap_load(&word[i]) == value) {
		i++;
		value += step;
	}
	return i;
}

#endif /* EXMAP_CORE_STEPS_H */
