/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* steps.h - recognise an array of words that rise by equal steps: 7, 8, 9 ... */
#ifndef EXMAP_CORE_STEPS_H
#define EXMAP_CORE_STEPS_H

#include "core/platform.h"

/**
 * exmap_count_steps() - count the words that rise by equal steps, from the first on
 * @word:  the words
 * @n:     number of words
 * @value: what the first word must be
 * @step:  what each further word must be greater by
 *
 * Other threads may write the words meanwhile. Each word that is counted had its value at some
 * moment of the call.
 *
 * Return: number of words up to the first that differs. Example: 7, 8, 9, 20 with @value 7 and
 * @step 1 gives 3.
 */
static inline u64 exmap_count_steps(const u64 *word, u64 n, u64 value, u64 step)
{
	u64 i = 0;

	/*
	 * Compares four words at a time. Four words that do not all fit are compared again, one by
	 * one.
	 */
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
