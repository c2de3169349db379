/* SPDX-License-Identifier: MIT */
/*
 * world.h - the model of all descriptors, surfaces and exmaps, and of what operations answer
 *
 * Numbers in brackets are clauses of docs/spec.md.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "answer.h"
#include "model.h"
#include "op.h"

struct exmap {
	int files; /* descriptors of it; it lives until these and its surface are gone */
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

/* The operations that must follow a vector that ran out of frames; see world_settle(). */
struct settle {
	int step;
	unsigned int thread;
	int64_t fd, interface;
	struct range range;
};

struct world {
	bool may_export; /* whether the backend offers the page-table export */
	bool shares; /* whether shadows share the frames of their sources [8.2] */
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

/** world_new - a world with nothing open. */
struct world *world_new(void);
/** world_do - do @op to the world, and store the answer that it must have in @want. */
void world_do(struct world *w, const struct op *op, struct answer *want);

/**
 * world_settle - the operation that must come next, if there is one
 *
 * The backend chooses which pages to map of a vector that runs out of frames [4.6]. A FREE of
 * the whole vector tells whether their number is right. Then an ALLOC maps as many pages, which
 * are known.
 *
 * Return: false if there is nothing to do, or true and @op is to be done.
 */
bool world_settle(struct world *w, struct op *op);

/**
 * world_must_end - whether @op would make a difference that is the backend's choice: because of
 * which shadow? [8.2, 8.7]
 *
 * Return: false, or true and @rm_sd is an RM_SD of the interface that made one.
 */
bool world_must_end(const struct world *w, const struct op *op, struct op *rm_sd);

/* calls.c */
/** world_asked - the pages that an action is about. Return: number of ranges in @q, of VECTORS. */
size_t world_asked(const struct exmap *x, const struct op *op, struct model_range *q);
void world_action(struct world *w, const struct op *op, struct answer *want);
void world_read(struct world *w, const struct op *op, struct answer *want);

/* access.c */
void world_look(struct world *w, const struct op *op, struct answer *want);
void world_peek(struct world *w, const struct op *op, struct answer *want);

#endif
