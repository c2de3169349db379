// SPDX-License-Identifier: MIT
/*
 * must_end.c - when shadows must end before an operation; see world_must_end()
 *
 * What a FREE of a source answers, and where a store to a shadow or its source is seen, is the backend's
 * choice. Transcripts of two backends are compared, so a generated stream must not ask.
 */
#include "world.h"

#include <exmap.h>
#include <string.h>

/* Return: the owner of some shadow in a range, or of some page in it, plus 1; 0 if there is none. */
static unsigned int owner_of_source(const struct model *m, uint64_t page, size_t len)
{
	if (page > m->pages || len > m->pages - page)
		return 0;
	while (len && !m->page[page].shown) {
		page++;
		len--;
	}
	for (size_t i = 0; len && i < m->pages; i++) {
		if (m->page[i].owner && m->page[i].source == page)
			return m->page[i].owner;
	}
	return 0;
}

static unsigned int any_owner(const struct model *m)
{
	size_t page = model_shadow_in(m, 0, m->pages);

	return page < m->pages ? m->page[page].owner : 0;
}

static unsigned int must_end_action(const struct exmap *x, const struct op *op)
{
	unsigned int opcode = op_opcode(op), owner = 0;
	struct model_range q[VECTORS];
	size_t n;

	if (op->arg[1] >= x->interfaces || op->arg[2] > VECTORS)
		return 0;
	n = world_asked(x, op, q);
	if (opcode == EXMAP_OP_ALLOC)
		return model_may_break(&x->m, q, n, false) ? any_owner(&x->m) : 0;
	for (size_t i = 0; opcode == EXMAP_OP_FREE && i < n && !owner; i++)
		owner = owner_of_source(&x->m, q[i].page, q[i].len);
	return owner;
}

static unsigned int must_end_read(const struct exmap *x, const struct op *op)
{
	struct model_range q[VECTORS];
	unsigned int owner = 0;

	for (unsigned int i = 0; i < op->n; i++)
		q[i] = (struct model_range){ (uint64_t)op->range[i].first / PAGE,
					     op->range[i].len / PAGE };
	if (model_may_break(&x->m, q, op->n, true))
		return any_owner(&x->m);
	/* READ of a source that is mapped is like a store to it [8.12]. */
	for (unsigned int i = 0; x->m.leanstore && i < op->n && !owner; i++)
		owner = owner_of_source(&x->m, q[i].page, q[i].len);
	return owner;
}

static unsigned int must_end_store(const struct exmap *x, const struct op *op)
{
	size_t page = (size_t)op->arg[1];
	unsigned int owner = 0;

	if (page < x->m.pages)
		owner = x->m.page[page].owner;
	return owner ? owner : owner_of_source(&x->m, page, 1);
}

/* A descriptor of this exmap; -1 if it has none any more. */
static int descriptor_of(const struct world *w, const struct exmap *x)
{
	for (int i = 0; i < PLACES; i++) {
		if (w->fd[i] && w->fd[i]->exmap == x)
			return i;
	}
	return -1;
}

bool world_must_end(const struct world *w, const struct op *op, struct op *rm_sd)
{
	const struct exmap *x = NULL;
	unsigned int owner = 0;
	int fd;

	if (op->kind == OP_STORE || op->kind == OP_RECEIVE)
		x = w->surface[op->arg[0]];
	else if (w->fd[op->arg[0]])
		x = w->fd[op->arg[0]]->exmap;
	if (!x || !x->mapped || !x->set_up)
		return false;
	switch (op->kind) {
	case OP_ALLOC:
	case OP_FREE:
	case OP_ACTION:
		owner = must_end_action(x, op);
		break;
	case OP_READ:
		owner = must_end_read(x, op);
		break;
	case OP_STORE:
	case OP_RECEIVE:
		owner = must_end_store(x, op);
		break;
	default:
		break;
	}
	fd = descriptor_of(w, x);
	if (!owner)
		return false;
	memset(rm_sd->arg, 0, sizeof(rm_sd->arg));
	rm_sd->kind = fd < 0 ? OP_STATS : OP_RM_SD;
	rm_sd->n = 0;
	rm_sd->arg[0] = fd < 0 ? 0 : fd;
	rm_sd->arg[1] = owner - 1;
	return true;
}
