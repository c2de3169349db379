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

/* What to do besides; each may be NULL. */
struct extras {
	const char *record; /* file to write a transcript to */
	const char *compare; /* file with the transcript of another run */
	FILE *trace; /* where to tell of each operation */
	bool hasty; /* a stream known to end soon, or to hang */
};

enum ending { RUN_OK, RUN_DIFFERS, RUN_DIED, RUN_HANGS };

/* How it went; lives in memory shared with the child. */
struct outcome {
	enum ending ending;
	unsigned long op; /* number of the operation that did not go well */
	char why[1024];
	unsigned long done; /* operations, the ones of settling not counted */
	unsigned long counts[OP_KINDS];
	unsigned long out_of_frames, partial, outside, faults, short_reads;
};

/**
 * run - do the operations in a forked child, in a fresh world
 *
 * Return: what came of it, valid until the next run.
 */
const struct outcome *run(const struct source *source, const struct extras *extras);

/**
 * regenerate - what a generator gave, up to operation @last
 *
 * Without @all only from the beginning of the life that @last is in.
 */
void regenerate(const struct source *source, unsigned long last, bool all, struct stream *s);

/**
 * shrink - take away from @s what its failure does not need
 *
 * Return: number of runs that it took, or 0 if @s does not fail.
 */
unsigned int shrink(struct stream *s);

#endif
