/* SPDX-License-Identifier: MIT */
/* bench.h - random look-ups in more data than frames */
#ifndef MINICACHE_BENCH_H
#define MINICACHE_BENCH_H

#include <stdbool.h>
#include <stdint.h>

/**
 * bench() - fill @file with a tree of about @pages pages, look words up at random
 * @frames: 0 for a quarter of the pages
 *
 * Prints a line that begins with the look-ups per second, all threads together.
 * Returns false if an answer was wrong.
 */
bool bench(int file, bool exmap, uint64_t pages, uint64_t frames, int threads, double seconds);

#endif /* MINICACHE_BENCH_H */
