/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * chance.h - random decisions that a seed repeats
 *
 * Decisions belong to *streams*: each is a sequence that follows from the seed and the stream's
 * number alone. A decision that an interface's calls make is of a stream of that interface, so it
 * does not depend on what other threads do meanwhile.
 */
#ifndef EXMAP_CORE_CHANCE_H
#define EXMAP_CORE_CHANCE_H

#include "core/platform.h"

/** EXMAP_CERTAIN - the probability 1; probabilities are in billionths. */
#define EXMAP_CERTAIN 1000000000U

/**
 * exmap_chance_parse() - read a probability, as 0.25, .25 or 1, whatever the locale
 * @text: the text; digits behind the ninth decimal place are ignored
 * @p:    set to the probability in billionths
 *
 * Return: whether it is one, from 0 to 1.
 */
bool exmap_chance_parse(const char *text, u32 *p);

/**
 * exmap_random() - the next random number of a stream
 * @next:   the stream's state, 0 at first; atomic
 * @seed:   the seed
 * @stream: the stream's number
 *
 * Any thread.
 */
static inline u64 exmap_random(u64 *next, u64 seed, u64 stream)
{
	u64 x = exmap_add(next, 0x9e3779b97f4a7c15ULL) + seed * 0xd1342543de82ef95ULL +
		stream * 0xaef17502108ef2d9ULL;

	/* MurmurHash3's finaliser: neighbouring states give numbers that have nothing in common. */
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

/** exmap_random_below() - a number from 0 to @n - 1, from a random one. */
static inline u32 exmap_random_below(u64 random, u32 n)
{
	return (random >> 32) * n >> 32;
}

/** exmap_happens() - whether something of probability @p, in billionths, happens. */
static inline bool exmap_happens(u64 random, u32 p)
{
	return exmap_random_below(random, EXMAP_CERTAIN) < p;
}

#endif /* EXMAP_CORE_CHANCE_H */
