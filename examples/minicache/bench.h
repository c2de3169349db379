/* SPDX-License-Identifier: MIT */
/* bench.h - random look-ups in more data than frames */
#ifndef MINICACHE_BENCH_H
#define MINICACHE_BENCH_H

#include <stdbool.h>
#include <stdint.h>

/**
 * bench() - fill a file with a tree, and time random look-ups in it
 * @file:    open for reading and writing, with O_DIRECT
 * @exmap:   cache on exmap, else on anonymous memory
 * @pages:   pages that the tree has about
 * @frames:  pages cached at one time; 0 for a quarter of the pages
 * @threads: threads that look up
 * @seconds: duration
 *
 * Prints a line that begins with the look-ups per second of all threads together.
 * Returns false if a result was wrong.
 */
bool bench(int file, bool exmap, uint64_t pages, uint64_t frames, int threads, double seconds);

#endif /* MINICACHE_BENCH_H */
