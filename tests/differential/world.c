// SPDX-License-Identifier: MIT
/*
 * world.c - descriptors and mappings; see world.h
 */
#include "world.h"
#include "backing.h"
#include "device.h"

#include <err.h>
#include <errno.h>
#include <exmap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		err(1, NULL);
	return w;
}

static void put_exmap(struct exmap *x)
{
	if (x->files || x->mapped)
		return;
	free(x->vector);
	x->vector = NULL;
	x->set_up = false;
}

/* There is always a free one: as many as descriptors and surfaces together. */
static struct exmap *new_exmap(struct world *w)
{
	struct exmap *x = w->exmaps;

	while (x->files || x->mapped)
		x++;
	x->files = 1;
	x->interfaces = 0;
	x->m.frames = 0;
	x->m.backing_bytes = 0;
	x->m.shares = w->shares;
	x->m.leanstore = device_leanstore();
	model_reset(&x->m, 0);
	return x;
}

static void do_open(struct world *w, const struct op *op, struct answer *want)
{
	struct file *f = w->files;

	if (w->fd[op->arg[0]])
		return;
	while (f->places)
		f++;
	*f = (struct file){ .exmap = new_exmap(w), .places = 1 };
	w->fd[op->arg[0]] = f;
	answer_add(want, "open", 0);
}

static void do_close(struct world *w, const struct op *op, struct answer *want)
{
	struct file *f = w->fd[op->arg[0]];

	answer_add(want, "close", f ? 0 : -EBADF);
	w->fd[op->arg[0]] = NULL;
	if (!f || --f->places)
		return;
	f->exmap->files--;
	put_exmap(f->exmap);
}

static void do_dup(struct world *w, const struct op *op, struct answer *want)
{
	struct file *f = w->fd[op->arg[0]];

	if (w->fd[op->arg[1]])
		return;
	answer_add(want, "dup", f ? 0 : -EBADF);
	w->fd[op->arg[1]] = f;
	if (f)
		f->places++;
}

static void do_clone(struct world *w, const struct op *op, struct answer *want)
{
	struct file *f = w->fd[op->arg[0]], *of = w->fd[op->arg[1]];
	struct exmap *old;
	int result = 0;

	if (!f)
		result = -EBADF;
	else if (!of)
		result = -EBADFD;
	else if (of == f || of->clone)
		result = -EINVAL;
	answer_add(want, "CLONE", result);
	if (result)
		return;
	old = f->exmap;
	f->exmap = of->exmap;
	f->exmap->files++;
	f->clone = true;
	old->files--;
	put_exmap(old);
}

/* Adds each errno that a SETUP may fail with: the spec gives no order of its errors. */
static void setup_errors(const struct exmap *x, const struct op *op, struct answer *want)
{
	bool invalid = op->arg[1] < 1 || op->arg[1] > MAX_INTERFACES || !op->arg[2] ||
		       (op->arg[4] == EXMAP_PAGEFAULT_ALLOC && !x->m.leanstore);
	bool too_many = (uint64_t)op->arg[2] >> 40;

	if (invalid)
		answer_or(want, -EINVAL);
	if (op->arg[3] >= BACKINGS)
		answer_or(want, -EBADF);
	if (too_many)
		answer_or(want, -ENOMEM);
}

static void do_setup(struct world *w, const struct op *op, struct answer *want)
{
	struct file *f = w->fd[op->arg[0]];
	struct exmap *x = f ? f->exmap : NULL;

	answer_add(want, "SETUP", 0);
	want->word[0].choices = 0;
	if (!f)
		answer_or(want, -EBADF);
	else if (x->set_up)
		answer_or(want, -EBUSY);
	/* EBUSY or EFAULT: 3.1 does not say which is found first. */
	if (f && op->arg[5])
		answer_or(want, -EFAULT);
	else if (f && !x->set_up)
		setup_errors(x, op, want);
	if (want->word[0].choices)
		return;
	answer_or(want, 0);
	x->set_up = true;
	x->interfaces = (int)op->arg[1];
	x->m.frames = (size_t)op->arg[2];
	x->backing = (int)op->arg[3];
	x->m.backing_bytes = x->backing >= 0 ? backing_sizes[x->backing] : 0;
	x->vector = calloc((size_t)x->interfaces, sizeof(*x->vector));
	if (!x->vector)
		err(1, NULL);
}

static void do_map(struct world *w, const struct op *op, struct answer *want)
{
	struct file *f = w->fd[op->arg[0]];

	if (w->surface[op->arg[1]] || op->arg[2] < 1 || op->arg[2] > MODEL_MAX_PAGES)
		return;
	if (!f || f->exmap->mapped) {
		answer_add(want, "mmap", f ? -EBUSY : -EBADF);
		return;
	}
	answer_add(want, "mmap", 0);
	w->surface[op->arg[1]] = f->exmap;
	f->exmap->mapped = true;
	f->exmap->prot = PROT_READ | PROT_WRITE;
	f->exmap->off = (unsigned int)op->arg[3];
	model_reset(&f->exmap->m, (size_t)op->arg[2]);
}

static void do_unmap(struct world *w, const struct op *op, struct answer *want)
{
	struct exmap *x = w->surface[op->arg[0]];

	if (!x)
		return;
	answer_add(want, "munmap", 0);
	w->surface[op->arg[0]] = NULL;
	memset(w->export, 0, sizeof(w->export));
	x->mapped = false;
	model_reset(&x->m, 0);
	put_exmap(x);
}

static bool part_fits(const struct exmap *x, const struct op *op)
{
	return x && op->arg[1] >= 0 && op->arg[2] > 0 && (size_t)op->arg[1] < x->m.pages &&
	       (size_t)op->arg[2] <= x->m.pages - (size_t)op->arg[1];
}

static void do_protect(struct world *w, const struct op *op, struct answer *want)
{
	struct exmap *x = w->surface[op->arg[0]];

	if (!part_fits(x, op))
		return;
	if ((size_t)op->arg[2] == x->m.pages) {
		answer_add(want, "mprotect", 0);
		x->prot = (int)op->arg[3];
		return;
	}
	answer_add(want, "mprotect", -EINVAL);
	/* The kernel returns 0 if the protection does not change, and asks no driver [2.5]. */
	if (x->prot == op->arg[3])
		answer_or(want, 0);
}

static void do_cut(struct world *w, const struct op *op, struct answer *want)
{
	struct exmap *x = w->surface[op->arg[0]];

	if (part_fits(x, op) && (size_t)op->arg[2] < x->m.pages)
		answer_add(want, "munmap", -EINVAL);
}

static void do_map_other(struct world *w, const struct op *op, struct answer *want)
{
	struct file *f = w->fd[op->arg[0]];
	uint64_t offset = (uint64_t)op->arg[1];

	if (!f) {
		answer_add(want, "mmap", -EBADF);
		return;
	}
	if (offset < EXMAP_OFF_INTERFACE_BASE || offset > EXMAP_OFF_INTERFACE_MAX) {
		answer_add(want, "mmap", -EINVAL);
		return;
	}
	answer_add(want, "mmap", 0);
	want->word[0].choices = 0;
	if ((offset - EXMAP_OFF_INTERFACE_BASE) / PAGE >= (uint64_t)f->exmap->interfaces)
		answer_or(want, -ENXIO);
	if (op->arg[3] || offset == EXMAP_OFF_INTERFACE_MAX ||
	    (op->arg[2] > (int64_t)PAGE && !want->word[0].choices))
		answer_or(want, -EINVAL);
	if (!want->word[0].choices)
		answer_or(want, 0);
}

static bool exported(const struct world *w, const struct exmap *x)
{
	for (int i = 0; i < PLACES; i++) {
		if (w->export[i].exmap == x)
			return true;
	}
	return false;
}

static void export_errors(const struct world *w, const struct exmap *x, const struct op *op,
			  struct answer *want)
{
	size_t room = (x->m.pages * sizeof(uint64_t) + PAGE - 1) / PAGE * PAGE;

	if (!x->mapped)
		answer_or(want, -EPROTO);
	else if (x->off % 512 || x->m.pages % 512)
		answer_or(want, -EFAULT);
	if (x->mapped && (size_t)op->arg[2] > room)
		answer_or(want, -EOVERFLOW);
	if (exported(w, x))
		answer_or(want, -EBUSY);
}

static void do_export(struct world *w, const struct op *op, struct answer *want)
{
	struct export *e = &w->export[op->arg[1]];
	struct file *f = w->fd[op->arg[0]];

	if (e->exmap || op->arg[2] < 1)
		return;
	answer_add(want, "mmap", -EBADF);
	if (!f)
		return;
	want->word[0].choices = 0;
	export_errors(w, f->exmap, op, want);
	if (want->word[0].choices) {
		/* A backend with the export switched off may say so first [7.3]. */
		if (!w->may_export)
			answer_or(want, -EPERM);
		return;
	}
	/* Added twice, as a choice: transcripts leave choices out, and this is the backend's. */
	answer_or(want, w->may_export ? 0 : -EPERM);
	answer_or(want, w->may_export ? 0 : -EPERM);
	if (w->may_export)
		*e = (struct export){ f->exmap, ((size_t)op->arg[2] + PAGE - 1) / PAGE * PAGE / 8 };
}

static void do_stats(struct world *w, const struct op *op, struct answer *want)
{
	struct file *f = w->fd[op->arg[0]];
	struct exmap *x = f ? f->exmap : NULL;

	answer_add(want, "STATS", !f ? -EBADF : op->arg[1] ? -EFAULT : 0);
	if (!f || op->arg[1])
		return;
	answer_add(want, "active", x->set_up && x->mapped);
	answer_add(want, "buffer_size", (int64_t)x->m.frames);
	answer_add(want, "alloc_count", (int64_t)x->m.mapped);
	answer_add(want, "max_interfaces", x->interfaces);
}

static void do_other(struct world *w, const struct op *op, struct answer *want)
{
	static const int errors[] = { ESPIPE, EINVAL, EINVAL, EINVAL, EINVAL, EOPNOTSUPP };

	if (op->arg[1] < 0 || op->arg[1] >= (int64_t)(sizeof(errors) / sizeof(errors[0])))
		return;
	answer_add(want, "call", w->fd[op->arg[0]] ? -errors[op->arg[1]] : -EBADF);
}

void world_do(struct world *w, const struct op *op, struct answer *want)
{
	static void (*const functions[OP_KINDS])(struct world *, const struct op *,
						 struct answer *) = {
		[OP_OPEN] = do_open,	    [OP_CLOSE] = do_close,
		[OP_DUP] = do_dup,	    [OP_CLONE] = do_clone,
		[OP_SETUP] = do_setup,	    [OP_MAP] = do_map,
		[OP_UNMAP] = do_unmap,	    [OP_PROTECT] = do_protect,
		[OP_CUT] = do_cut,	    [OP_MAP_OTHER] = do_map_other,
		[OP_EXPORT] = do_export,    [OP_PEEK] = world_peek,
		[OP_ALLOC] = world_action,  [OP_FREE] = world_action,
		[OP_SHADOW] = world_action, [OP_RM_SD] = world_action,
		[OP_ACTION] = world_action, [OP_READ] = world_read,
		[OP_STATS] = do_stats,	    [OP_OTHER] = do_other,
		[OP_LOAD] = world_look,	    [OP_STORE] = world_look,
		[OP_TOUCH] = world_look,    [OP_SEND] = world_look,
		[OP_RECEIVE] = world_look,  [OP_VERIFY] = world_look,
	};

	want->words = 0;
	want->has_vectors = false;
	want->sights = 0;
	if (op->kind == OP_ADVISE) {
		if (w->surface[op->arg[0]])
			answer_add(want, "madvise", 0);
		return;
	}
	functions[op->kind](w, op, want);
}
