/* SPDX-License-Identifier: MIT */
/*
 * random.h - a small repeatable generator (splitmix64, Steele et al. 2014)
 */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_u64(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/** random_below - 0 ... @n - 1 (the bias of % does not matter here). */
static inline size_t random_below(struct random *r, size_t n)
{
	return random_u64(r) % n;
}

/** random_chance - true @percent times in a hundred. */
static inline bool random_chance(struct random *r, unsigned int percent)
{
	return random_below(r, 100) < percent;
}

#endif
