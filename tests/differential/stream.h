/* SPDX-License-Identifier: MIT */
/*
 * stream.h - where operations come from: random numbers, or a file
 */
#ifndef TESTS_STREAM_H
#define TESTS_STREAM_H

#include "op.h"
#include "random.h"
#include "world.h"

/* Random operations, in lives: each begins and ends with nothing open. */
struct generator {
	struct random random;
	unsigned int threads;
	unsigned int left; /* operations of this life before all is closed */
	bool begins; /* whether the last one began a life */
	unsigned long count;
	uint64_t next_stamp;
	struct range last_read; /* loads often take its pages */
};

/** generator_init - the same seed and number of threads give the same operations. */
void generator_init(struct generator *g, uint64_t seed, unsigned int threads);
/** generate - the next operation, for the world as the earlier ones have left it. */
void generate(struct generator *g, const struct world *w, struct op *op);

/* arguments.c: for the kinds with the most cases. */
void generate_action(struct generator *g, const struct exmap *x, struct op *op);
void generate_iovecs(struct generator *g, const struct exmap *x, struct op *op);
void generate_setup(struct generator *g, struct op *op);
void generate_map_other(struct generator *g, const struct exmap *x, struct op *op);
void generate_page(struct generator *g, const struct exmap *x, struct op *op);
void generate_part(struct generator *g, const struct exmap *x, struct op *op);

/* A list of operations. */
struct stream {
	size_t n, room;
	struct op **op;
};

void stream_add(struct stream *s, const struct op *op);
/** stream_clear - free all of it. */
void stream_clear(struct stream *s);
/** stream_read - read a file of operations; lines with # are comments. Exits at an error. */
void stream_read(struct stream *s, const char *path);
/** stream_print - print it as stream_read() reads it. */
void stream_print(const struct stream *s, FILE *to);

#endif
