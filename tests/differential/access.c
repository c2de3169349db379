// SPDX-License-Identifier: MIT
/*
 * access.c - what the model says of loads and stores; see world.h
 */
#include "backing.h"
#include "world.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

/* Return: the code of the fault that an access must raise [2.6, 6.1]. */
static int fault_code(const struct exmap *x, size_t page, int access)
{
	bool forbidden = (x->prot & access) != access;

	if (x->m.page[page].ended)
		return ANY_SIGHT;
	if (!model_missing(&x->m, page))
		return forbidden ? SEGV_ACCERR : 0;
	return forbidden ? ANY_FAULT : SEGV_MAPERR;
}

static uint64_t backing_hash(size_t page, size_t bytes)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < PAGE; i += 8)
		hash = hash_add(hash, backing_word(page * PAGE + i, bytes));
	return hash;
}

static void look(const struct exmap *x, size_t page, struct answer *want)
{
	const struct model_page *p = model_content(&x->m, page);
	struct sight *s = &want->sight[want->sights++];

	*s = (struct sight){ .code = fault_code(x, page, PROT_READ), .known = CONTENT_UNKNOWN };
	if (s->code)
		return;
	s->known = p->content;
	s->stamp = p->stamp;
	s->origin = model_origin(&x->m, page);
	if (p->content == CONTENT_BACKING)
		s->hash = backing_hash(s->origin, x->m.backing_bytes);
}

/* A store to a shadow makes its content unknown; whether to its source's as well, see 8.2. */
static void store(struct exmap *x, size_t page, uint64_t stamp)
{
	if (x->m.page[page].owner) {
		x->m.page[page].content = CONTENT_UNKNOWN;
		if (x->m.shares)
			x->m.page[x->m.page[page].source].content = CONTENT_UNKNOWN;
		return;
	}
	x->m.page[page].content = CONTENT_STAMP;
	x->m.page[page].stamp = stamp;
}

static void touch(struct exmap *x, size_t page, int access, struct answer *want)
{
	struct sight *s = &want->sight[want->sights++];

	*s = (struct sight){ .code = fault_code(x, page, access), .known = CONTENT_UNKNOWN };
}

static void send(const struct exmap *x, size_t page, struct answer *want)
{
	const struct model_page *p = model_content(&x->m, page);
	int code = fault_code(x, page, PROT_READ);

	if (code == ANY_SIGHT) {
		answer_add_unknown(want, "write");
		answer_add_unknown(want, "word");
		return;
	}
	answer_add(want, "write", code ? -EFAULT : 8);
	/* A page is sent by its own stamp's place, which in a shadow is not that of its stamp. */
	if (code)
		answer_add(want, "word", 0);
	else if (x->m.page[page].owner)
		answer_add_unknown(want, "word");
	else if (p->content == CONTENT_STAMP)
		answer_add(want, "word", (int64_t)p->stamp);
	else if (p->content == CONTENT_BACKING)
		answer_add(want, "word",
			   (int64_t)backing_word(page * PAGE + stamp_index(page) * 8,
						 x->m.backing_bytes));
	else
		answer_add_unknown(want, "word");
}

static void receive(struct exmap *x, const struct op *op, size_t page, struct answer *want)
{
	int code = fault_code(x, page, PROT_WRITE);

	if (code) {
		answer_add(want, "read", -EFAULT);
		if (code == ANY_SIGHT)
			answer_or(want, 8);
		return;
	}
	answer_add(want, "read", 8);
	store(x, page, (uint64_t)op->arg[2]);
}

static void do_look(struct world *w, struct exmap *x, const struct op *op, size_t page,
		    struct answer *want)
{
	switch (op->kind) {
	case OP_LOAD:
		look(x, page, want);
		break;
	case OP_TOUCH:
		touch(x, page, PROT_READ, want);
		break;
	case OP_SEND:
		send(x, page, want);
		break;
	case OP_RECEIVE:
		receive(x, op, page, want);
		break;
	default:
		touch(x, page, PROT_READ | PROT_WRITE, want);
		if (!want->sight[0].code)
			store(x, page, (uint64_t)op->arg[2]);
		break;
	}
	w->faults += want->sights && want->sight[0].code;
}

void world_look(struct world *w, const struct op *op, struct answer *want)
{
	struct exmap *x = w->surface[op->arg[0]];
	size_t page = op->kind == OP_TOUCH ? (size_t)op->arg[1] / PAGE : (size_t)op->arg[1];

	if (!x)
		return;
	if (op->kind == OP_VERIFY) {
		for (page = 0; page < x->m.pages; page++)
			look(x, page, want);
	} else if (page < x->m.pages) {
		do_look(w, x, op, page, want);
	}
}

void world_peek(struct world *w, const struct op *op, struct answer *want)
{
	const struct export *e = &w->export[op->arg[0]];
	const struct exmap *x = e->exmap;

	if (!x)
		return;
	for (size_t i = 0; i < x->m.pages && i < e->words; i++) {
		int bits = x->m.page[i].mapped ? 1 | (x->prot & PROT_WRITE ? 2 : 0) : 0;

		if (!bits && !model_missing(&x->m, i))
			bits = NOT_PRESENT;
		want->sight[want->sights++] =
			(struct sight){ .code = bits, .known = CONTENT_UNKNOWN };
	}
	answer_add(want, "frames mapped twice", 0);
}
