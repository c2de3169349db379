// SPDX-License-Identifier: MIT
/*
 * generate.c - which operation comes next; see stream.h
 */
#include "stream.h"
#include "choose.h"

#include <string.h>

#define LONGEST_LIFE 3000

/* How often each kind is chosen, in parts of the sum, once something is open. */
static const unsigned int weights[OP_KINDS] = {
	[OP_OPEN] = 4,	    [OP_CLOSE] = 3,  [OP_DUP] = 2,     [OP_CLONE] = 6,	  [OP_SETUP] = 4,
	[OP_MAP] = 4,	    [OP_UNMAP] = 3,  [OP_PROTECT] = 8, [OP_CUT] = 3,	  [OP_ADVISE] = 3,
	[OP_MAP_OTHER] = 6, [OP_EXPORT] = 4, [OP_PEEK] = 10,   [OP_ALLOC] = 500,  [OP_FREE] = 420,
	[OP_ACTION] = 40,   [OP_READ] = 160, [OP_STATS] = 40,  [OP_OTHER] = 4,	  [OP_LOAD] = 250,
	[OP_STORE] = 250,   [OP_TOUCH] = 30, [OP_SEND] = 20,   [OP_RECEIVE] = 20, [OP_VERIFY] = 3,
	[OP_SHADOW] = 120,  [OP_RM_SD] = 30,
};

void generator_init(struct generator *g, uint64_t seed, unsigned int threads)
{
	*g = (struct generator){ .random = { seed }, .threads = threads };
}

static enum kind random_kind(struct random *r)
{
	size_t sum = 0, pick;

	for (int i = 0; i < OP_KINDS; i++)
		sum += weights[i];
	pick = random_below(r, sum);
	for (int i = 0; i < OP_KINDS; i++) {
		if (pick < weights[i])
			return (enum kind)i;
		pick -= weights[i];
	}
	return OP_VERIFY;
}

/* A full (or an empty) place, searched from a random one on; any place if there is none. */
static int64_t find_place(struct random *r, void *const *place, bool full)
{
	size_t start = random_below(r, PLACES);

	for (size_t i = start; i < start + PLACES; i++) {
		if (!place[i % PLACES] == !full)
			return (int64_t)(i % PLACES);
	}
	return (int64_t)start;
}

static int64_t any_fd(struct generator *g, const struct world *w)
{
	if (random_chance(&g->random, 2))
		return (int64_t)random_below(&g->random, PLACES);
	return find_place(&g->random, (void *const *)w->fd, true);
}

static int64_t any_surface(struct generator *g, const struct world *w)
{
	return find_place(&g->random, (void *const *)w->surface, true);
}

/* The place of this exmap's surface, if it has one. */
static int64_t surface_of(struct generator *g, const struct world *w, const struct exmap *x)
{
	for (int i = 0; x && i < PLACES; i++) {
		if (w->surface[i] == x && !random_chance(&g->random, 2))
			return i;
	}
	return any_surface(g, w);
}

static bool all_closed(const struct world *w)
{
	for (int i = 0; i < PLACES; i++) {
		if (w->fd[i] || w->surface[i])
			return false;
	}
	return true;
}

/* The last operations of a life. */
static void end_life(struct generator *g, const struct world *w, struct op *op)
{
	int64_t fd = find_place(&g->random, (void *const *)w->fd, true);
	int64_t surface = any_surface(g, w);

	if (w->fd[fd] && (!w->surface[surface] || random_chance(&g->random, 50))) {
		op->kind = OP_CLOSE;
		op->arg[0] = fd;
	} else {
		op->kind = OP_UNMAP;
		op->arg[0] = surface;
	}
}

/* Until there is an active exmap, mostly what it takes to get one. */
static enum kind next_kind(struct generator *g, const struct world *w, const struct exmap *x)
{
	int64_t room = find_place(&g->random, (void *const *)w->surface, false);

	if (x && !x->set_up && random_chance(&g->random, 30))
		return OP_SETUP;
	if (x && !x->mapped && random_chance(&g->random, 15))
		return w->surface[room] ? OP_UNMAP : OP_MAP;
	return random_kind(&g->random);
}

static void fill_fd(struct generator *g, const struct world *w, const struct exmap *x,
		    struct op *op)
{
	struct random *r = &g->random;

	switch (op->kind) {
	case OP_OPEN:
		op->arg[0] = find_place(r, (void *const *)w->fd, false);
		break;
	case OP_DUP:
		op->arg[1] = find_place(r, (void *const *)w->fd, false);
		break;
	case OP_CLONE:
		op->arg[1] = any_fd(g, w);
		break;
	case OP_SETUP:
		generate_setup(g, op);
		break;
	case OP_MAP:
		op->arg[1] = find_place(r, (void *const *)w->surface, false);
		op->arg[2] = (int64_t)choose_size(r, MODEL_MAX_PAGES);
		if (random_chance(r, 20))
			op->arg[2] = 512 * (1 + (int64_t)random_below(r, MODEL_MAX_PAGES / 512));
		op->arg[3] = random_chance(r, 50) ? 0 : (int64_t)random_below(r, 512);
		break;
	case OP_MAP_OTHER:
		generate_map_other(g, x, op);
		break;
	case OP_EXPORT:
		op->arg[1] = (int64_t)random_below(r, PLACES);
		op->arg[2] = 1 + (int64_t)random_below(r, 9 * PAGE);
		break;
	case OP_STATS:
		op->arg[1] = random_chance(r, 5);
		break;
	case OP_OTHER:
		op->arg[1] = (int64_t)random_below(r, 6);
		break;
	case OP_READ:
		op->arg[1] = surface_of(g, w, x);
		generate_iovecs(g, x, op);
		break;
	case OP_ALLOC:
	case OP_FREE:
	case OP_SHADOW:
	case OP_RM_SD:
	case OP_ACTION:
		generate_action(g, x, op);
		break;
	default:
		break;
	}
}

static void fill_surface(struct generator *g, const struct world *w, struct op *op)
{
	static const int64_t advice[] = { 0, 1, 2, 3 }; /* NORMAL to WILLNEED */
	const struct exmap *x;

	op->arg[0] = any_surface(g, w);
	x = w->surface[op->arg[0]];
	switch (op->kind) {
	case OP_PROTECT:
	case OP_CUT:
		generate_part(g, x, op);
		break;
	case OP_ADVISE:
		op->arg[1] = advice[random_below(&g->random, 4)];
		break;
	case OP_PEEK:
		op->arg[0] = (int64_t)random_below(&g->random, PLACES);
		break;
	default:
		generate_page(g, x, op);
		break;
	}
}

void generate(struct generator *g, const struct world *w, struct op *op)
{
	const struct exmap *x;
	int64_t fd;

	op->n = 0;
	memset(op->arg, 0, sizeof(op->arg));
	op->thread = (unsigned int)(g->count++ % g->threads);
	g->begins = all_closed(w);
	if (g->begins) {
		op->kind = OP_OPEN;
		op->arg[0] = (int64_t)random_below(&g->random, PLACES);
		g->left = 1 + (unsigned int)random_below(&g->random, LONGEST_LIFE);
		return;
	}
	if (!g->left) {
		end_life(g, w, op);
		return;
	}
	g->left--;
	fd = any_fd(g, w);
	x = w->fd[fd] ? w->fd[fd]->exmap : NULL;
	op->kind = next_kind(g, w, x);
	op->arg[0] = fd;
	switch (op->kind) {
	case OP_UNMAP:
	case OP_PROTECT:
	case OP_CUT:
	case OP_ADVISE:
	case OP_PEEK:
	case OP_LOAD:
	case OP_STORE:
	case OP_TOUCH:
	case OP_SEND:
	case OP_RECEIVE:
	case OP_VERIFY:
		fill_surface(g, w, op);
		break;
	default:
		fill_fd(g, w, x, op);
		break;
	}
	/* This may take several operations, one for each interface that has made such shadows. */
	world_must_end(w, op, op);
}
