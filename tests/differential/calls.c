// SPDX-License-Identifier: MIT
/*
 * calls.c - what the model says of ACTION and reads; see world.h
 */
#include "world.h"

#include <errno.h>
#include <exmap.h>
#include <string.h>
#include <sys/mman.h>

/* Puts @n vectors into an interface's page as the client does. */
static void write_vectors(uint64_t *vector, const struct op *op)
{
	for (unsigned int i = 0; i < op->n; i++) {
		struct exmap_iov v;

		v.page = (uint64_t)op->range[i].first;
		v.len = op->range[i].len;
		vector[i] = v.value;
	}
}

static int action_error(const struct exmap *x, const struct op *op, unsigned int opcode)
{
	if (!x || !x->set_up)
		return -EBADF;
	if (!x->mapped)
		return -EPROTO;
	if (op->kind != OP_ACTION && op->arg[4])
		return -EFAULT;
	if (op->arg[1] >= x->interfaces || op->arg[2] > VECTORS)
		return -EINVAL;
	return opcode >= EXMAP_OP_ALLOC && opcode <= EXMAP_OP_RM_SD ? 0 : -EINVAL;
}

/* Those that @op writes as vectors, then those that are there. */
size_t world_asked(const struct exmap *x, const struct op *op, struct model_range *q)
{
	size_t n = (size_t)op->arg[2] < VECTORS ? (size_t)op->arg[2] : VECTORS;

	for (size_t i = 0; i < n; i++) {
		struct exmap_iov v = { .value = x->vector[op->arg[1]][i] };

		if (i < op->n) {
			v.page = (uint64_t)op->range[i].first;
			v.len = op->range[i].len;
		}
		q[i] = (struct model_range){ v.page, v.len };
	}
	return n;
}

static int do_shadow(struct exmap *x, const struct op *op)
{
	struct model_range q[VECTORS];
	size_t n = world_asked(x, op, q);

	return n ? model_shadow(&x->m, (unsigned int)op->arg[1], q, n, (uint64_t)op->arg[3],
				x->prot & PROT_READ) :
		   0;
}

static int do_vectors(struct world *w, struct exmap *x, const struct op *op, unsigned int opcode)
{
	bool exhausted = false;
	int failed = 0;

	for (int i = 0; i < op->arg[2]; i++) {
		uint64_t *at = &x->vector[op->arg[1]][i];
		struct exmap_iov v = { .value = *at };
		struct range range = { (int64_t)v.page, v.len };
		struct model_result r;

		if (opcode == EXMAP_OP_ALLOC)
			r = model_alloc(&x->m, v.page, v.len, &exhausted);
		else
			r = model_free(&x->m, v.page, v.len);
		if (r.res == -ENOMEM && r.pages) {
			w->partial++;
			w->settle = (struct settle){ 2, op->thread, op->arg[0], op->arg[1], range };
		}
		if (r.res == -ENOMEM && x->m.leanstore) {
			failed = -ENOMEM;
			break;
		}
		w->outside += r.res == -EFAULT;
		failed += r.res < 0;
		*at = (uint32_t)r.res | (uint64_t)r.pages << 32;
	}
	w->out_of_frames += exhausted;
	return failed;
}

void world_action(struct world *w, const struct op *op, struct answer *want)
{
	struct exmap *x = w->fd[op->arg[0]] ? w->fd[op->arg[0]]->exmap : NULL;
	bool has_page = x && op->arg[1] < x->interfaces;
	unsigned int opcode = op_opcode(op);
	int ret;

	answer_add(want, "mmap of the interface", !x ? -EBADF : has_page ? 0 : -ENXIO);
	if (has_page)
		write_vectors(x->vector[op->arg[1]], op);
	ret = action_error(x, op, opcode);
	if (!ret && opcode == EXMAP_OP_SHADOW)
		ret = do_shadow(x, op);
	else if (!ret && opcode == EXMAP_OP_RM_SD)
		model_rm_sd(&x->m, (unsigned int)op->arg[1]);
	else if (!ret)
		ret = do_vectors(w, x, op, opcode);
	answer_add(want, "ACTION", ret);
	want->has_vectors = has_page;
	if (has_page)
		memcpy(want->vector, x->vector[op->arg[1]], sizeof(want->vector));
}

bool world_settle(struct world *w, struct op *op)
{
	struct settle *s = &w->settle;
	struct exmap *x;

	if (!s->step)
		return false;
	x = w->fd[s->fd]->exmap;
	op->thread = s->thread;
	op->kind = s->step == 2 ? OP_FREE : OP_ALLOC;
	/* ALLOC as many pages as the FREE has unmapped. */
	if (s->step == 1)
		s->range.len = x->vector[s->interface][0] >> 32;
	memset(op->arg, 0, sizeof(op->arg));
	op->arg[0] = s->fd;
	op->arg[1] = s->interface;
	op->arg[2] = op->n = 1;
	op->range[0] = s->range;
	s->step--;
	return true;
}

/* Errors found before any iovec is looked at. */
static void read_errors(const struct exmap *x, int64_t offset, struct answer *want)
{
	int64_t opcode = offset >> 8;

	if (!x->set_up || offset < 0 || opcode > EXMAP_OP_ALLOC ||
	    (offset & 0xff) >= x->interfaces || (opcode == EXMAP_OP_READ && x->backing < 0))
		answer_or(want, -EINVAL);
	if (!x->mapped)
		answer_or(want, -EPROTO);
}

static void do_iovecs(struct world *w, struct exmap *x, const struct op *op, struct answer *want)
{
	bool fill = op->arg[2] >> 8 == EXMAP_OP_READ, skipped = false;
	size_t bytes = 0;
	int stop = STOP_NOT;

	for (unsigned int i = 0; i < op->n && !stop; i++) {
		intptr_t at = op->range[i].first;

		/* Addresses of another exmap's surface: outside this one, aligned as they are. */
		if (w->surface[op->arg[1]] != x)
			at = at % (intptr_t)PAGE - (1L << 40);
		skipped |= !op->range[i].len;
		stop = model_read(&x->m, at, op->range[i].len, fill, &bytes);
	}
	w->short_reads += stop && bytes;
	if (bytes || stop == STOP_NOT || skipped || stop & STOP_ENDS)
		answer_or(want, (int64_t)bytes);
	if (bytes)
		return;
	if (stop & STOP_EINVAL)
		answer_or(want, -EINVAL);
	if (stop & STOP_EFAULT)
		answer_or(want, -EFAULT);
	if (stop & STOP_ENOMEM)
		answer_or(want, -ENOMEM);
}

void world_read(struct world *w, const struct op *op, struct answer *want)
{
	struct exmap *x = w->fd[op->arg[0]] ? w->fd[op->arg[0]]->exmap : NULL;
	size_t total = 0;

	for (unsigned int i = 0; i < op->n; i++)
		total += op->range[i].len;
	answer_add(want, "read", -EBADF);
	if (!x && op->arg[2] < 0)
		answer_or(want, -EINVAL);
	if (!x)
		return;
	want->word[0].choices = 0;
	read_errors(x, op->arg[2], want);
	/* A kernel may return 0 for a call of 0 bytes without asking the driver [5.2]. */
	if (want->word[0].choices && !total)
		answer_or(want, 0);
	if (!want->word[0].choices)
		do_iovecs(w, x, op, want);
}
