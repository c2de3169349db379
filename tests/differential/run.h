/* SPDX-License-Identifier: MIT */
/*
 * run.h - a run of operations in a child of its own, against the model
 */
#ifndef TESTS_RUN_H
#define TESTS_RUN_H

#include "stream.h"

/* What to run: @stream, or if that is NULL what a generator gives. */
struct source {
	const struct stream *stream;
	uint64_t seed;
	unsigned int threads;
	unsigned long ops; /* of the generator; a life that has begun is completed */
};

/* What else a run does; each may be NULL. */
struct extras {
	const char *record; /* file to write a transcript to */
	const char *compare; /* file with the transcript of another run */
	FILE *trace; /* where to print each operation */
	bool hasty; /* a stream known to end soon, or to hang */
};

enum ending { RUN_OK, RUN_DIFFERS, RUN_DIED, RUN_HANGS };

/* How it went; lives in memory shared with the child. */
struct outcome {
	enum ending ending;
	unsigned long op; /* number of the operation that failed */
	char why[1024];
	unsigned long done; /* operations, without those that settle others */
	unsigned long counts[OP_KINDS];
	unsigned long out_of_frames, partial, outside, faults, short_reads;
};

/**
 * run - do the operations in a forked child, in a fresh world
 *
 * Return: the outcome, valid until the next run.
 */
const struct outcome *run(const struct source *source, const struct extras *extras);

/**
 * regenerate - the operations of a generator, up to number @last
 *
 * Without @all only from the beginning of the life that @last is in.
 */
void regenerate(const struct source *source, unsigned long last, bool all, struct stream *s);

/**
 * shrink - remove from @s all that it does not need to fail
 *
 * Return: number of runs that it took, or 0 if @s does not fail.
 */
unsigned int shrink(struct stream *s);

#endif
