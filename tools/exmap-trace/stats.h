/* SPDX-License-Identifier: MIT */
/* stats.h - exmap-trace stats: figures of a trace */
#ifndef EXMAP_TRACE_STATS_H
#define EXMAP_TRACE_STATS_H

#include "trace.h"

/* Operations that are told apart: opcodes, of which those from this on are one. */
#define NR_OPCODES 8

/* Powers of two: 0, 1, 2-3, 4-7 ... */
#define NR_BUCKETS 34

/* Moments at which frames in use are told. */
#define NR_MOMENTS 200

/**
 * struct histogram - how often which number came
 * @count:  [0] of 0, [1] of 1, [2] of 2 and 3, [3] of 4 to 7, and so on
 * @number: how many numbers came
 * @sum:    of all numbers
 * @most:   the largest
 */
struct histogram {
	uint64_t count[NR_BUCKETS];
	uint64_t number;
	uint64_t sum;
	uint64_t most;
};

/** bucket_least() - the least number of a bucket. */
static inline uint64_t bucket_least(unsigned int bucket)
{
	return bucket ? 1ULL << (bucket - 1) : 0;
}

/**
 * struct opcode_stats - the calls of one opcode
 * @calls:   number of calls that were performed
 * @refused: number of calls that were refused, or had no vectors
 * @asked:   pages that the vectors asked for
 * @done:    pages that were mapped or unmapped
 * @failed:  vectors, or reads, with an error
 * @steals:  how often frames were taken from other interfaces
 * @ns:      time of all calls
 * @batch:   vectors of each call
 * @len:     pages of each vector
 */
struct opcode_stats {
	uint64_t calls;
	uint64_t refused;
	uint64_t asked;
	uint64_t done;
	uint64_t failed;
	uint64_t steals;
	uint64_t ns;
	struct histogram batch;
	struct histogram len;
};

/**
 * struct stats - the figures of a trace
 * @opcodes:  by opcode
 * @faults:   accesses to pages that were not allocated
 * @reuse:    reuse distances, see reuse.h
 * @first:    pages that were used for the first time
 * @moments:  frames in use, the most in each of NR_MOMENTS equal parts of the time
 * @most:     the most frames in use at one time
 * @frames:   frames that SETUPs asked for, of all exmaps
 * @ns:       time from the first event to the end of the last
 */
struct stats {
	struct opcode_stats opcodes[NR_OPCODES];
	uint64_t faults;
	struct histogram reuse;
	uint64_t first;
	uint64_t moments[NR_MOMENTS];
	uint64_t most;
	uint64_t frames;
	uint64_t ns;
};

enum stats_format { STATS_TABLE, STATS_JSON, STATS_PLOT };

/** stats_print() - print figures: a table, JSON, or a script for gnuplot with its data. */
void stats_print(const struct trace *trace, const struct stats *stats, enum stats_format format);

/** stats_of() - find the figures of a trace. */
void stats_of(const struct trace *trace, struct stats *stats);

#endif /* EXMAP_TRACE_STATS_H */
