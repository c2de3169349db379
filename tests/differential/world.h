/* SPDX-License-Identifier: MIT */
/*
 * world.h - what must come of any operation: descriptors, surfaces, and their exmaps
 *
 * Numbers in brackets are clauses of docs/spec.md.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "answer.h"
#include "model.h"
#include "op.h"

struct exmap {
	int files; /* that act on it; it ends with the last one and its surface */
	bool mapped;
	bool set_up;
	int prot; /* of the surface */
	unsigned int off; /* where it starts, in pages behind a multiple of 2 MiB */
	int backing; /* an index, or negative */
	int interfaces;
	uint64_t (*vector)[VECTORS]; /* each interface's */
	struct model m;
};

struct file {
	struct exmap *exmap;
	bool clone;
	int places;
};

/* What a vector that ran out of frames leaves to be done; see world_settle(). */
struct settle {
	int step;
	unsigned int thread;
	int64_t fd, interface;
	struct range range;
};

struct world {
	bool may_export; /* whether the backend offers the page-table export */
	struct file *fd[PLACES];
	struct exmap *surface[PLACES];
	struct export
	{
		struct exmap *exmap;
		size_t words;
	}
	export[PLACES];
	struct file files[PLACES];
	struct exmap exmaps[2 * PLACES];
	struct settle settle;
	unsigned long out_of_frames, partial, outside, faults, short_reads;
};

/** world_new - one with nothing in it. */
struct world *world_new(void);
/** world_do - do @op to the world; @want becomes what must come of it. */
void world_do(struct world *w, const struct op *op, struct answer *want);

/**
 * world_settle - what to do before anything else
 *
 * Which pages of a vector that ran out of frames were mapped is the backend's
 * choice [4.6]. FREE of the whole vector tells whether their number is right; an
 * ALLOC then maps as many pages again, and known ones.
 *
 * Return: false if there is nothing to do, or true and @op is to be done.
 */
bool world_settle(struct world *w, struct op *op);

/* calls.c */
void world_action(struct world *w, const struct op *op, struct answer *want);
void world_read(struct world *w, const struct op *op, struct answer *want);

/* access.c */
void world_look(struct world *w, const struct op *op, struct answer *want);
void world_peek(struct world *w, const struct op *op, struct answer *want);

#endif
