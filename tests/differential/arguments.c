// SPDX-License-Identifier: MIT
/*
 * arguments.c - arguments of random operations; see stream.h
 */
#include "backing.h"
#include "choose.h"
#include "stream.h"

#include <exmap.h>
#include <sys/mman.h>

#define MOST_FRAMES 2500
#define MOST_INTERFACES 8

/* The length of the surface; without one, some length to choose pages from. */
static size_t pages_of(const struct exmap *x)
{
	return x && x->mapped ? x->m.pages : 64;
}

static int64_t random_interface(struct random *r, const struct exmap *x)
{
	if (x && x->interfaces && !random_chance(r, 1))
		return (int64_t)random_below(r, (size_t)x->interfaces);
	return (int64_t)random_below(r, random_chance(r, 50) ? 300 : UINT16_MAX + 1);
}

static void add_vectors(struct generator *g, const struct exmap *x, struct op *op)
{
	while (op->n < op->arg[2] && op->n < VECTORS)
		op->range[op->n++] = (struct range){
			(int64_t)choose_page(&g->random, pages_of(x)),
			choose_len(&g->random),
		};
}

/*
 * Sources, which should often be mapped pages, and targets, often in an area that all interfaces
 * use. On a surface that is not readable they are the backend's choice [8.3], so there are none.
 */
static void add_sources(struct generator *g, const struct exmap *x, struct op *op)
{
	struct random *r = &g->random;
	size_t pages = pages_of(x), page;

	if (x && x->mapped && !(x->prot & PROT_READ))
		op->arg[2] = 0;
	op->arg[3] = (int64_t)choose_page(r, pages);
	if (random_chance(r, 60))
		op->arg[3] = (int64_t)(pages / 2 + random_below(r, 64));
	if (random_chance(r, 70) && op->arg[2] > 9)
		op->arg[2] = 9;
	add_vectors(g, x, op);
	for (unsigned int i = 0; x && x->mapped && i < op->n; i++) {
		if (!random_chance(r, 80) || !choose_mapped(r, &x->m, true, &page))
			continue;
		op->range[i].first = (int64_t)page;
		op->range[i].len = 1 + random_below(r, pages - page < 8 ? pages - page : 8);
	}
}

void generate_action(struct generator *g, const struct exmap *x, struct op *op)
{
	struct random *r = &g->random;

	op->arg[1] = random_interface(r, x);
	op->arg[2] = choose_batch(r);
	if (op->kind == OP_RM_SD) {
		op->arg[2] = random_chance(r, 90) ? 0 : op->arg[2];
		return;
	}
	if (op->kind == OP_SHADOW) {
		add_sources(g, x, op);
		op->arg[4] = random_chance(r, 1);
		return;
	}
	if (op->kind == OP_ACTION) {
		op->arg[3] = EXMAP_OP_ALLOC + (int64_t)random_below(r, 2);
		if (random_chance(r, 20))
			op->arg[3] = (int64_t)random_below(r, random_chance(r, 50) ? 6 : 65536);
		else if (random_chance(r, 5))
			op->arg[2] = 513 + (int64_t)random_below(r, 65536 - 513);
		return;
	}
	add_vectors(g, x, op);
	op->arg[3] = random_chance(r, 50) ? 0 : (int64_t)random_u64(r);
	op->arg[4] = random_chance(r, 1);
}

void generate_iovecs(struct generator *g, const struct exmap *x, struct op *op)
{
	struct random *r = &g->random;
	bool fill = random_chance(r, x && x->backing < 0 ? 10 : 60);

	op->n = random_chance(r, 60) ? 1 : 1 + (unsigned int)random_below(r, 12);
	op->arg[2] = random_interface(r, x) & 0xff;
	op->arg[2] |= (fill ? EXMAP_OP_READ : EXMAP_OP_ALLOC) << 8;
	if (random_chance(r, 2))
		op->arg[2] ^= (int64_t)(1UL << random_below(r, 64));
	op->arg[3] = random_chance(r, 50);
	for (unsigned int i = 0; i < op->n; i++) {
		intptr_t at = (intptr_t)(random_below(r, 64) * PAGE);
		size_t bytes = PAGE;

		if (x && x->mapped)
			choose_iovec(r, &x->m, &at, &bytes);
		op->range[i] = (struct range){ at, bytes };
	}
	g->last_read = op->range[random_below(r, op->n)];
}

void generate_setup(struct generator *g, struct op *op)
{
	struct random *r = &g->random;

	op->arg[1] = 1 + (int64_t)random_below(r, MOST_INTERFACES);
	op->arg[2] = (int64_t)choose_size(r, MOST_FRAMES);
	op->arg[3] = (int64_t)random_below(r, BACKINGS + 1) - 1;
	op->arg[4] = random_chance(r, 50) ? 0 : (int64_t)random_u64(r);
	switch (random_below(r, 24)) {
	case 0:
		op->arg[1] = -(int64_t)random_below(r, 2);
		break;
	case 1:
		op->arg[1] = 257 + (int64_t)random_below(r, 1 << 20);
		break;
	case 2:
		op->arg[2] = 0;
		break;
	case 3:
		op->arg[2] = (int64_t)(random_u64(r) | 1UL << (40 + random_below(r, 24)));
		break;
	case 4:
		op->arg[3] = BACKINGS + (int64_t)random_below(r, 2);
		break;
	case 5:
		op->arg[4] = EXMAP_PAGEFAULT_ALLOC;
		break;
	case 6:
		op->arg[5] = 1;
		break;
	case 7:
		op->arg[1] = MAX_INTERFACES;
		break;
	default:
		break;
	}
}

void generate_map_other(struct generator *g, const struct exmap *x, struct op *op)
{
	struct random *r = &g->random;

	op->arg[2] = (int64_t)(random_chance(r, 50) ? PAGE : 1 + random_below(r, 4 * PAGE));
	op->arg[1] = (int64_t)EXMAP_OFF_INTERFACE(random_interface(r, x));
	if (random_chance(r, 30))
		op->arg[1] = (int64_t)(EXMAP_OFF_EXMAP + (1 + random_below(r, 1UL << 40)) * PAGE);
	else if (random_chance(r, 5))
		op->arg[1] = (int64_t)EXMAP_OFF_INTERFACE_MAX;
	op->arg[3] = random_chance(r, 20);
}

/* A random page of the last read; @page if that lies outside the surface. */
static size_t read_page(struct generator *g, size_t pages, size_t page)
{
	size_t first = (size_t)g->last_read.first / PAGE;

	first += random_below(&g->random, g->last_read.len / PAGE + 1);
	return first < pages ? first : page;
}

/* Mostly mapped pages, and for loads also pages of the last read and at the backing's end. */
void generate_page(struct generator *g, const struct exmap *x, struct op *op)
{
	struct random *r = &g->random;
	size_t page = random_below(r, pages_of(x));
	bool mapped = !random_chance(r, 5);

	if (op->kind == OP_UNMAP || op->kind == OP_VERIFY)
		return;
	if (x)
		choose_mapped(r, &x->m, mapped, &page);
	if (op->kind == OP_LOAD && random_chance(r, 30))
		page = read_page(g, pages_of(x), page);
	else if (x && op->kind == OP_LOAD && random_chance(r, 5))
		page = x->m.backing_bytes / PAGE % x->m.pages;
	op->arg[1] = (int64_t)page;
	if (op->kind == OP_TOUCH)
		op->arg[1] = (int64_t)(page * PAGE + random_below(r, PAGE));
	else if (op->kind == OP_STORE || op->kind == OP_RECEIVE)
		op->arg[2] = (int64_t)++g->next_stamp;
}

void generate_part(struct generator *g, const struct exmap *x, struct op *op)
{
	static const int64_t prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	struct random *r = &g->random;
	size_t pages = pages_of(x);

	op->arg[1] = (int64_t)random_below(r, pages);
	op->arg[2] = 1 + (int64_t)random_below(r, pages - (size_t)op->arg[1]);
	op->arg[3] = prots[random_below(r, 3)];
	if (op->kind == OP_CUT)
		op->arg[3] = 0;
	/* Mostly of the whole surface, and often to what lets other operations go on. */
	if (op->kind == OP_PROTECT && random_chance(r, 70)) {
		op->arg[1] = 0;
		op->arg[2] = (int64_t)pages;
		if (random_chance(r, 50))
			op->arg[3] = PROT_READ | PROT_WRITE;
	}
}
